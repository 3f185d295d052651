import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.application.sources import Parts
from curation.curated import CuratedSet, Origin, write_set
from curation.engine import apply
from curation.exports.registry import export_set
from curation.operator import Operator
from curation.operators.cut import Cut
from curation.operators.drop_contaminated import DropContaminated
from curation.operators.find_contamination import FindContamination
from curation.operators.segment import SegmentReasoning
from curation.sets.certificate import Binned, Check, Checked, bin_of, certificate
from curation.trace import Problem, Trace

EGGS = "A farmer has 12 hens and each hen lays 5 eggs a week, how many eggs are there in 3 weeks?"
PAGES = "Mia reads 20 pages a day and Leo reads twice as many, how many pages do they read in a week?"
OWN = "What is the shortest way around a lake that is four miles long and two miles wide, on foot?"


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A benchmark of two questions."""
    path = tmp_path / "farm.jsonl"
    path.write_text("".join(json.dumps({"question": text}) + "\n" for text in (EGGS, PAGES)))
    return path


@pytest.fixture
def leaky() -> list[Trace]:
    """Three traces: one repeats a benchmark's question, one half of another, one its own."""
    return [
        Trace(Problem(f"Solve: {PAGES}"), "First.\n\nSecond.\n\nThird.\n\nFourth."),
        Trace(Problem(f"{EGGS[:58]} or not, and who is going to buy them all from him?"), "Two."),
        Trace(Problem(OWN), "First.\n\nSecond.\n\nThird.\n\nFourth."),
    ]


@pytest.fixture
def freeze(tmp_path: Path, leaky: list[Trace], write_traces: Callable) -> Callable[..., CuratedSet]:
    """Applies steps to the leaky traces and freezes the set."""

    def make(*steps: Operator) -> CuratedSet:
        origin = Origin(name="clean", recipe="clean", recipe_yaml="", source={}, rebuild="")
        with apply(steps, Parts(write_traces(tmp_path / "in", leaky)), tmp_path / "work") as result:
            return write_set(tmp_path / "sets" / "clean", result, origin)

    return make


def checked(path: Path) -> Checked:
    return Checked(benchmark="farm", file="farm.jsonl", sha256=hashlib.sha256(path.read_bytes()).hexdigest(), items=2)


def test_a_set_that_dropped_what_it_found_is_certified_clean(freeze, bench):
    found = certificate(freeze(FindContamination(benchmarks=[str(bench)]), DropContaminated()))
    assert found is not None
    assert (found.set, found.recipe, found.rows) == ("clean", "clean", 2)
    assert found.checks == [
        Check(
            step=1, benchmarks=[checked(bench)], n=8, minimum=0.7, texts="question", numbers="same",
            rows_checked=3, rows_dropped=1, rows_remaining=0,
        )
    ]  # fmt: skip


def test_a_set_that_dropped_nothing_says_what_remains(freeze, bench):
    found = certificate(freeze(FindContamination(benchmarks=[str(bench)])))
    assert found is not None
    assert [(check.rows_dropped, check.rows_remaining) for check in found.checks] == [(0, 1)]


def test_rows_a_mapper_changed_after_the_check_are_counted_again(freeze, bench):
    steps = [FindContamination(benchmarks=[str(bench)]), SegmentReasoning(), Cut(amount=0.5)]
    found = certificate(freeze(*steps))
    assert found is not None
    assert [check.rows_remaining for check in found.checks] == [1]


def test_without_a_check_there_is_no_certificate(freeze, tmp_path):
    curated = freeze(SegmentReasoning())
    assert certificate(curated) is None
    assert bin_of(curated) == []
    export_set(curated, "messages", tmp_path / "out" / "clean.jsonl")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clean.jsonl"]


def test_a_benchmark_that_is_gone_proves_nothing(freeze, bench):
    curated = freeze(FindContamination(benchmarks=[str(bench)]), DropContaminated())
    bench.unlink()
    found = certificate(curated)
    assert found is not None
    assert found.checks[0].benchmarks == [Checked(benchmark="farm", file="farm.jsonl", sha256=None, items=None)]
    assert (found.checks[0].rows_dropped, found.checks[0].rows_remaining) == (1, None)


def test_the_bin_holds_what_was_dropped_and_names_its_item_where_the_text_is_known(freeze, bench, leaky):
    curated = freeze(FindContamination(benchmarks=[str(bench)], minimum=0.2), DropContaminated())
    names = [(row.trace_id, row.item) for row in bin_of(curated)]
    assert names == [(leaky[0].id, None), (leaky[1].id, None)]
    first, second = bin_of(curated, leaky)
    assert first == Binned(leaky[0].id, 1.0, "farm:2")
    assert (second.trace_id, second.item) == (leaky[1].id, "farm:1")
    assert second.value is not None
    assert 0.2 <= second.value < 0.7


@pytest.mark.parametrize(
    ("name", "out", "where"),
    [("messages", "clean.jsonl", "clean.certificate.json"), ("folder", "clean", "clean/certificate.json")],
)
def test_an_export_carries_the_certificate(freeze, bench, tmp_path, name, out, where):
    curated = freeze(FindContamination(benchmarks=[str(bench)]), DropContaminated())
    assert export_set(curated, name, tmp_path / "out" / out) == 2
    found = certificate(curated)
    assert found is not None
    assert json.loads((tmp_path / "out" / where).read_text()) == found.model_dump(mode="json")
