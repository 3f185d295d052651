import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import UserError
from curation.exports.base import FORMATS, Card, Content
from curation.exports.parquet import ParquetFile
from curation.exports.registry import export_traces
from curation.exports.render import render_completion
from curation.imports.run import import_files
from curation.runs import PROJECT
from curation.table import SCHEMA, from_table, parts, to_table
from curation.trace import Problem, Trace

DATA = Path(__file__).resolve().parents[3] / "../shared/data"
STUDENT = str(PROJECT / "data" / "base_student")
ONE = Trace(Problem("1+1? ", "2", "sums"), "It is 2.", "2", model="m", source="f", line=3)
TEXTS = ["messages", "prompt_completion", "sharegpt", "alpaca"]
ROWS = {
    "messages": {
        "messages": [
            {"role": "user", "content": "1+1?"},
            {"role": "assistant", "content": "<think>\nIt is 2.\n</think>\n2"},
        ]
    },
    "prompt_completion": {"prompt": "1+1?", "completion": "\n<think>\nIt is 2.\n</think>\n2"},
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": "1+1?"},
            {"from": "gpt", "value": "<think>\nIt is 2.\n</think>\n2"},
        ]
    },
    "alpaca": {"instruction": "1+1?", "input": "", "output": "<think>\nIt is 2.\n</think>\n2"},
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_trace_is_written_in_the_format(name, tmp_path):
    assert export_traces(name, [ONE], tmp_path / "a.jsonl") == 1
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {**ROWS[name], "id": ONE.id}
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_without_reasoning_there_is_no_think_block():
    assert render_completion(Trace(Problem("q"), "", "2")) == "2"


def test_parquet_keeps_every_field_and_the_scores(tmp_path):
    scored = to_table([ONE]).append_column("n_tokens", pa.array([3.0])).append_column("good", pa.array([True]))
    ParquetFile().write(Content(scored.schema, iter([scored])), tmp_path / "a.parquet", None)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.names == [*SCHEMA.names, "n_tokens", "good"]
    assert from_table(table) == [ONE]
    assert table.select(["n_tokens", "good"]).to_pylist() == [{"n_tokens": 3.0, "good": True}]
    import_files([tmp_path / "a.parquet"], tmp_path / "out")
    (trace,) = from_table(pq.read_table(parts(tmp_path / "out")[0]))
    assert (trace.id, trace.problem, trace.model) == (ONE.id, ONE.problem, "m")


def test_a_dataset_folder_is_loaded_by_datasets_offline(tmp_path):
    datasets = pytest.importorskip("datasets")
    card = Card("Sums", "name: sums\nsteps: []", {"n_tokens": 12}, "python -m curation recipe run sums.yaml")
    traces = [Trace(Problem(f"{i}+1?"), "thinking", str(i + 1)) for i in range(2500)]
    assert export_traces("folder", traces, tmp_path / "sums", card) == 2500
    loaded = datasets.load_dataset(str(tmp_path / "sums"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 2500
    assert loaded["train"][2]["completion"] == "\n<think>\nthinking\n</think>\n3"
    text = (tmp_path / "sums" / "README.md").read_text()
    assert text.startswith("---\npretty_name: Sums\n")
    for part in ("2500 traces", "n_tokens: 12", "name: sums", card.rebuild, "train-00000-of-00001.parquet | 2500 | "):
        assert part in text


def test_a_dataset_folder_is_never_overwritten(tmp_path):
    with pytest.raises(UserError, match=r"already exists\. Choose another name"):
        export_traces("folder", [ONE], tmp_path)


def test_an_empty_set_is_exported(tmp_path):
    needed = {"labelled": {"tokenizer": STUDENT}, "pairs": {"right": "given_correct"}}
    for name in FORMATS.members:
        chosen = FORMATS.parse({"format": name, **needed.get(name, {})})
        assert export_traces(chosen, [], tmp_path / name) == 0


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="Unknown export format 'csv'; known: alpaca, folder, labelled"):
        export_traces("csv", [ONE], tmp_path / "a")


def test_a_failed_export_leaves_no_file(tmp_path):
    def broken():
        yield ONE
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        export_traces("messages", broken(), tmp_path / "a.jsonl")
    assert list(tmp_path.iterdir()) == []


def back(name, traces, folder):
    """Traces exported and imported again, as question, reasoning, answer."""
    export_traces(name, traces, folder / f"{name}.jsonl")
    import_files([folder / f"{name}.jsonl"], folder / "out")
    found = [trace for part in parts(folder / "out") for trace in from_table(pq.read_table(part))]
    return [said(trace) for trace in found]


def said(trace):
    return trace.question.rstrip(), trace.reasoning.strip(), trace.answer.strip()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<"), min_size=1).filter(str.strip)


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT, st.just("") | TEXT), min_size=1, max_size=4))
def test_any_text_comes_back(tmp_path_factory, name, rows):
    traces = [Trace(Problem(question), reasoning, answer) for question, reasoning, answer in rows]
    assert back(name, traces, tmp_path_factory.mktemp("export")) == [said(trace) for trace in traces]


FILES = [
    "misguided_attention/output_queries_QwQ-32b.json.gz",
    "grpo_checkpoints/grpo_step_0200.jsonl.gz",
    "gsm8k/train.jsonl.gz",
    "marco_o1/CoT_demo.json.gz",
    "thought_anchors/rollouts_reasoning.jsonl.gz",
    "multilingual/bangla_r1_120.json.gz",
    "skythought/sky_t1_correct5k_32b_ckpt21_aime24.jsonl.gz",
    "eit_cot_granularity/gsm8k_gemini_level1_ranked.json.gz",
    "agents/fireact_hotpotqa_messages.jsonl.gz",
    "dirty/u2028_inside_line.jsonl",
    "dirty/fp8_collapse_32k_tokens.jsonl.gz",
]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data folder {DATA} is absent")
@pytest.mark.parametrize("name", TEXTS)
def test_shared_traces_come_back(name, tmp_path):
    import_files([DATA / file for file in FILES], tmp_path / "in")
    traces = [trace for part in parts(tmp_path / "in") for trace in from_table(pq.read_table(part)) if trace.reasoning]
    assert len(traces) > 2000
    assert back(name, traces, tmp_path) == [said(trace) for trace in traces]
