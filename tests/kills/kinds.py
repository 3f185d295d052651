"""Kinds of work that are killed: runs that import, annotate, apply, train, evaluate, and what the store takes in."""

import gzip
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from curation.benchmarks import locate
from curation.curated import CuratedSet, Manifest, describe_part
from curation.job import work
from curation.labels import Event
from curation.operator import OPERATORS, Annotator
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Run, create
from curation.storing.lines import append
from curation.storing.rebuilding import rebuild_store
from curation.table import to_table, write_part
from curation.tasks import TASKS as CURATING
from curation.workspace import SAMPLES, Workspace
from tests.kills import outcomes
from tests.kills.killing import World, finish
from training.launch import evaluate_request, train_request
from training.objectives.sft import Sft
from training.strategies.greedy import Greedy
from training.student import resolve
from training.worker import TASKS as TRAINING

RECIPE = """
name: kept
steps:
- {op: count_tokens}
- {op: segment}
- {op: keep_where, score: n_tokens, maximum: 2000}
- {op: drop_segments, kinds: [check, alternative]}
- {op: count_tokens}
"""
BENCHMARK = "word_problems"


@dataclass
class Worked:
    """A run that a worker's process works on."""

    place: Path
    run: Run

    @property
    def target(self) -> Path:
        return self.run.folder

    @property
    def root(self) -> Path:
        return self.place / "workspace"

    @staticmethod
    def task(target: Path) -> None:
        sys.exit(work(target, {**CURATING, **TRAINING}))

    def look(self) -> None:
        """A killed run is lost, its parts can be read, the store has nothing of it, and sets are whole."""
        state = self.run.status().state
        assert state in ("lost", "done"), state
        outcomes.read_every_part(self.run.out)
        outcomes.whole_sets(self.root)

    def outcome(self) -> dict[str, object]:
        assert self.run.status().state == "done", self.run.status()
        return {}


class Curated(Worked):
    """A run whose results the store takes in."""

    def look(self) -> None:
        super().look()
        if self.run.status().state == "lost":
            with closing((work := Workspace(self.root)).store):
                assert work.take_in() == []

    def outcome(self) -> dict[str, object]:
        sets = outcomes.whole_sets(self.root)
        made = {name: outcomes.document(self.root / "sets" / name / "manifest.json") for name in sets}
        ledgers = {f"ledger {name}": outcomes.files(self.root / "sets" / name, "ledger.parquet") for name in made}
        return {
            **super().outcome(),
            **made,
            **ledgers,
            **outcomes.files(self.run.out, "*.parquet"),
            **outcomes.stored(self.root),
        }


class Trained(Worked):
    """A run that leaves a student."""

    def look(self) -> None:
        super().look()
        assert (self.run.out / "model").is_dir() or not (self.run.out / "scores.json").exists()

    def outcome(self) -> dict[str, object]:
        steps = [line["step"] for line in self.run.metrics() if "step" in line]
        assert steps == sorted(set(steps)), f"steps are reported twice: {steps}"
        weights = outcomes.files(self.run.out / "model", "*.safetensors")
        return {**super().outcome(), **weights, **outcomes.document(self.run.out / "scores.json")}


class Evaluated(Worked):
    """A run that leaves answers and scores."""

    def look(self) -> None:
        super().look()
        assert (self.run.out / "samples.parquet").exists() or not (self.run.out / "scores.json").exists()

    def outcome(self) -> dict[str, object]:
        answers = pq.read_table(self.run.out / "samples.parquet").drop_columns(["seconds"])
        return {**super().outcome(), "answers": answers.to_pylist(), **outcomes.document(self.run.out / "scores.json")}


@dataclass
class Taken:
    """A process that opens a workspace and takes in an import, an annotation and a label that the store lacks."""

    place: Path
    before: dict[str, int]
    after: dict[str, int]

    @property
    def target(self) -> Path:
        return self.place / "workspace"

    @staticmethod
    def task(target: Path) -> None:
        with closing((work := Workspace(target)).store):
            work.take_in()

    def look(self) -> None:
        """Every table has the rows it had before, or those it has in the end."""
        found = outcomes.counts(self.target)
        for name in found.keys() - {"taken_in", "annotations"}:
            assert found[name] in (self.before.get(name), self.after[name]), f"{name} has {found[name]} rows"
        assert found["traces"] == found["texts"] == found["scores"], found

    def outcome(self) -> dict[str, object]:
        return outcomes.stored(self.target)


@dataclass
class Remade:
    """A process that makes a damaged store anew."""

    place: Path
    damaged: bytes

    @property
    def target(self) -> Path:
        return self.place / "workspace"

    @staticmethod
    def task(target: Path) -> None:
        rebuild_store(Workspace(target))

    def look(self) -> None:
        """The damaged file is still there, under its name or the one it is kept by."""
        assert self.damaged in [path.read_bytes() for path in self.target.glob("winnow.duckdb*")]

    def outcome(self) -> dict[str, object]:
        self.look()
        return outcomes.stored(self.target)


class Worlds:
    """Makes worlds of each kind; what they start from is made once."""

    def __init__(self, place: Path, rows: int) -> None:
        """A workspace with that many traces, and as many more in a file."""
        self.place, self.rows = place, rows
        self.first, self.second = place / "first.jsonl", place / "second.jsonl"
        place.mkdir(parents=True)
        with gzip.open(SAMPLES / "teacher_traces.jsonl.gz", "rt", encoding="utf-8") as lines:
            for path in (self.first, self.second):
                path.write_text("".join(islice(lines, rows)), encoding="utf-8")
        self.filled = self._filled()

    def kinds(self) -> dict[str, Callable[[Path], World]]:
        """How a world of each kind is made."""
        return {
            "import": self.imported, "import by workers": self.imported_by_workers, "annotate": self.annotated,
            "apply": self.applied, "take in": self.taken, "rebuild the store": self.remade, "train": self.trained,
            "evaluate": self.evaluated,
        }  # fmt: skip

    def imported(self, place: Path) -> World:
        return Curated(place, Workspace(place / "workspace").import_run([self.first, self.second]))

    def imported_by_workers(self, place: Path) -> World:
        """More rows than one process takes on."""
        many = self.place / "many.jsonl"
        if not many.exists():
            with gzip.open(SAMPLES / "teacher_traces.jsonl.gz", "rt", encoding="utf-8") as lines:
                many.write_text(lines.read() * 4, encoding="utf-8")
        return Curated(place, Workspace(place / "workspace").import_run([many]))

    def annotated(self, place: Path) -> World:
        with closing((made := self._copy(place)).store):
            run = made.annotate_run(_annotators(), Filter())
        assert run
        return Curated(place, run)

    def applied(self, place: Path) -> World:
        with closing((made := self._copy(place)).store):
            return Curated(place, made.apply_run(Recipe.read(RECIPE), "kept", Filter()))

    def trained(self, place: Path) -> World:
        root = place / "workspace"
        objective = Sft(max_train_tokens=1_600, batch_tokens=100, max_length=512, save_steps=1)
        request = train_request(self._set(), objective, resolve("base", root / "runs"))
        (root / "sets").mkdir(parents=True)
        return Trained(place, create(root / "runs", request))

    def evaluated(self, place: Path) -> World:
        root = place / "workspace"
        student, strategy = resolve("base", root / "runs"), Greedy(max_new_tokens=8)
        path = str(locate(BENCHMARK))
        (root / "sets").mkdir(parents=True)
        return Evaluated(place, create(root / "runs", evaluate_request(student, path, strategy, limit=136)))

    def taken(self, place: Path) -> World:
        shutil.copytree(self._ready, place)
        return Taken(place, self._before, self._after)

    def remade(self, place: Path) -> World:
        assert self._after
        shutil.copytree(self.place / "after", place)
        store = place / "workspace" / "winnow.duckdb"
        damaged = store.read_bytes()[:20_000]
        store.write_bytes(damaged)
        return Remade(place, damaged)

    @cached_property
    def _ready(self) -> Path:
        """A workspace in which an import and an annotation are done and a label is in the journal alone."""
        ready = self.place / "ready"
        with closing((made := self._copy(ready)).store):
            annotation = made.annotate_run(_annotators(), Filter())
            labelled = made.store.ids(Filter(), 1)[0]
        assert annotation
        for run in (made.import_run([self.second]), annotation):
            finish(Worked(ready, run))
        append(made.journal, Event(1, "2026-01-01", "ada", labelled, "decision", "drop", None)._asdict(), "A label")
        return ready

    @cached_property
    def _before(self) -> dict[str, int]:
        return outcomes.counts(self.filled)

    @cached_property
    def _after(self) -> dict[str, int]:
        shutil.copytree(self._ready, self.place / "after")
        Taken.task(self.place / "after" / "workspace")
        return outcomes.counts(self.place / "after" / "workspace")

    def _filled(self) -> Path:
        world = Curated(self.place / "filled", Workspace(self.place / "filled" / "workspace").import_run([self.first]))
        finish(world)
        world.outcome()
        return world.root

    def _copy(self, place: Path) -> Workspace:
        shutil.copytree(self.filled, place / "workspace")
        return Workspace(place / "workspace")

    def _set(self) -> CuratedSet:
        """A curated set of the first sixteen traces."""
        folder = self.place / "sets" / "few"
        if not folder.exists():
            with closing(Workspace(self.filled).store) as store:
                traces = [trace for batch in store.traces(store.ids(Filter(), 16)) for trace in batch]
            write_part(to_table(traces), folder / "part-00000.parquet")
            manifest = Manifest(
                name="few", created="2026-01-01", recipe="none", recipe_yaml="", source={}, rebuild="", rows=16,
                problems=16, tokens=None, steps=[], scores=[], parts=[describe_part(folder / "part-00000.parquet")],
                code_version="0",
            )  # fmt: skip
            (folder / "manifest.json").write_text(manifest.model_dump_json())
        return CuratedSet(folder)


def _annotators() -> list[Annotator]:
    steps = [OPERATORS.parse({"op": name}) for name in ("count_tokens", "segment", "repetition")]
    return [step for step in steps if isinstance(step, Annotator)]
