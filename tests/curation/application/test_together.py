"""Steps taken in one pass leave what each of them leaves when it is taken alone."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import pytest
from fakes import CountWords, Shout

from curation.application.batches import annotate_batch
from curation.application.sources import Parts
from curation.application.together import together
from curation.engine import apply
from curation.operator import Annotation, Annotator, Operator, ScoreType
from curation.operators.difficulty import Difficulty
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.drop_segments import DropSegments
from curation.operators.keep_quantile import KeepQuantile
from curation.operators.keep_where import KeepWhere
from curation.operators.repetition import Repetition
from curation.operators.segment import SegmentReasoning
from curation.table import write_part
from curation.trace import Problem, Trace

Write = Callable[[Path, list[Trace]], list[Path]]
FEW = KeepWhere(score="n_words", minimum=2)
STEPS = [CountWords(), FEW, SegmentReasoning(), KeepWhere(score="n_checks", maximum=1), DropSegments()]
TEXTS = ["one", "two words", "Wait, is that right?\n\nYes, so 4.", "", "Let me check.\n\nLet me verify.\n\nSo 4."]


class Fails(Annotator):
    """Fails on one text."""

    op: Literal["fails"] = "fails"

    def adds(self) -> dict[str, ScoreType]:
        return {"n_letters": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        if trace.reasoning == "text 7":
            raise ValueError("seven")
        return Annotation({"n_letters": len(trace.reasoning)})


@pytest.fixture
def source(tmp_path: Path, write_traces: Write) -> Parts:
    many = [Trace(Problem(f"{n // 2}?"), text, str(n)) for n, text in enumerate(TEXTS * 3)]
    return Parts(write_traces(tmp_path / "in", many))


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    CountWords.calls.clear()
    Shout.calls.clear()


def parts_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def one_by_one(steps: Sequence[Operator], source: Parts, scratch: Path) -> None:
    for n in range(1, len(steps) + 1):
        with apply(steps[:n], source, scratch):
            pass


def always(_steps: Sequence[Operator]) -> bool:
    return True


def test_a_recipe_leaves_the_parts_of_its_steps_taken_one_by_one(source, tmp_path):
    told: list[str] = []
    with apply(STEPS, source, tmp_path / "once", progress=lambda _done, _all, label: told.append(label)) as result:
        rows = result.rows()
    one_by_one(STEPS, source, tmp_path / "slowly")
    assert parts_under(tmp_path / "once") == parts_under(tmp_path / "slowly")
    assert set(told) == {"1. count_words, segment, drop_segments", "5. drop_segments"}
    with apply(STEPS, source, tmp_path / "slowly") as result:
        assert result.rows() == rows


def test_a_step_sees_only_the_rows_that_the_selectors_before_it_leave(source, tmp_path):
    many = KeepWhere(score="n_words", maximum=1)
    with apply([CountWords(), many, Shout()], source, tmp_path / "out") as result:
        assert [report.rows_in for report in result.reports] == [15, 15, 6]
    assert Shout.calls == ["one", ""] * 3


def test_a_failed_row_counts_at_its_step(tmp_path, write_traces):
    many = [Trace(Problem(f"{n}?"), f"text {n}") for n in range(30)]
    source = Parts(write_traces(tmp_path / "in", many))
    with apply([CountWords(), Fails(), KeepWhere(score="n_letters", minimum=1)], source, tmp_path / "out") as result:
        assert [(report.failed, report.rows) for report in result.reports] == [(0, 30), (1, 30), (0, 29)]


@pytest.mark.parametrize("first_gone", ["_nothing_else", "_drop_segments_*/part-00003", "_drop_segments_*/*-00003"])
def test_what_an_interruption_left_is_completed_to_the_same_parts(source, tmp_path, first_gone):
    with apply(STEPS, source, tmp_path / "out") as result:
        rows = result.rows()
    whole = parts_under(tmp_path / "out")
    for gone in ("*/*-0000[4-9]", "count_words_*/part-00003", f"*{first_gone}"):
        for path in (tmp_path / "out").glob(f"{gone}.parquet"):
            path.unlink()
    with apply(STEPS, source, tmp_path / "out") as result:
        assert result.rows() == rows
    assert parts_under(tmp_path / "out") == whole


def test_what_is_known_of_some_rows_is_not_measured_again(source, tmp_path):
    known = tmp_path / "known" / f"{CountWords().key()}.parquet"
    first = [trace for batch in source.batches(set(source.rows()["id"].to_pylist())) for trace in batch.traces()][:4]
    write_part(annotate_batch(CountWords(), first), known)
    CountWords.calls.clear()
    with apply(STEPS, Parts(source.paths, known.parent), tmp_path / "out") as result:
        rows = result.rows()
    assert CountWords.calls == (TEXTS * 3)[4:]
    with apply(STEPS, source, tmp_path / "other") as result:
        assert result.rows() == rows


def test_what_cannot_be_decided_by_the_row_or_is_known_stops_the_pass():
    first, repetition = CountWords(), Repetition()
    assert together(first, [FEW, repetition, FEW], always) == [first, FEW, repetition]
    assert together(first, [Shout(), repetition], always) == [first, Shout()]
    assert together(first, [repetition], lambda _steps: False) == [first]
    for selector in (DropDuplicates(), KeepQuantile(score="n_words"), KeepWhere(score="n_chars", minimum=1)):
        assert together(first, [selector, repetition], always) == [first]
    assert together(first, [Difficulty(), repetition], always) == [first]
    assert together(first, [CountWords()], always) == [first]
