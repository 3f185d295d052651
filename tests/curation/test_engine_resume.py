"""Applying recipes in samples, in several processes, again and after an interruption."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq
import pytest
from fakes import CountWords, Shout

from curation.application.executors import Local
from curation.application.sources import Parts
from curation.engine import apply
from curation.errors import UserError
from curation.operator import Annotation, Annotator, ScoreType
from curation.operators.cut import Cut
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.trace import Problem, Trace

Write = Callable[[Path, list[Trace]], list[Path]]


class Broken(Annotator):
    """Stops the run in the middle, as a killed process would."""

    op: Literal["count_words"] = "count_words"
    forbidden: str = ""

    def adds(self) -> dict[str, ScoreType]:
        return {"n_words": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        if trace.reasoning == "six":
            raise KeyboardInterrupt("stop here")
        return Annotation({"n_words": len(trace.reasoning.split())})


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    CountWords.calls.clear()
    Shout.calls.clear()


@pytest.fixture
def source(tmp_path: Path, traces: list[Trace], write_traces: Write) -> Parts:
    return Parts(write_traces(tmp_path / "in", traces))


def test_a_sample_gives_scaled_estimates_after_the_first_reading_step(source, tmp_path):
    steps = [KeepWhere(score="n_chars", minimum=1), Shout(), CountWords()]
    with apply(steps, source, tmp_path / "out", sample=3) as result:
        first, second, third = result.reports
        assert (first.rows_in, first.rows, first.estimated) == (6, 6, False)
        assert (second.rows_in, second.rows, second.changed, second.estimated) == (6, 6, 6, True)
        assert (third.rows_in, third.rows, third.estimated) == (6, 6, True)
        assert result.count("count(*)") == 3
        assert (first.chars, second.chars) == (68, 73)  # 41 characters became 44: scaled by 68 / 41, not by rows
    assert len(Shout.calls) == 3


def test_stored_scores_keep_a_sampled_application_exact(source, tmp_path):
    with apply([CountWords()], source, tmp_path / "full"):
        pass
    stored = tmp_path / "known" / f"{CountWords().key()}.parquet"
    stored.parent.mkdir()
    paths = sorted((tmp_path / "full" / CountWords().key()).glob("*.parquet"))
    pq.write_table(pq.read_table(paths), stored)
    CountWords.calls.clear()
    known = Parts(source.paths, tmp_path / "known")
    with apply([CountWords(), KeepWhere(score="n_words", minimum=2)], known, tmp_path / "o", sample=1) as result:
        assert [(report.rows, report.estimated) for report in result.reports] == [(6, False), (4, False)]
    assert CountWords.calls == []


def test_a_second_application_recomputes_nothing(source, tmp_path):
    steps = [CountWords(), Shout(), CountWords()]
    with apply(steps, source, tmp_path / "out") as first:
        rows = first.rows()
    assert (len(CountWords.calls), len(Shout.calls)) == (12, 6)
    with apply(steps, source, tmp_path / "out") as second:
        assert second.rows() == rows
    assert (len(CountWords.calls), len(Shout.calls)) == (12, 6)


def test_an_interrupted_application_goes_on_where_it_stopped(source, tmp_path):
    with pytest.raises(KeyboardInterrupt, match="stop here"):
        apply([Broken()], source, tmp_path / "out")
    with apply([CountWords()], source, tmp_path / "out") as result:
        assert [row["n_words"] for row in result.rows().to_pylist()] == [3, 5, 3, 1, 1, 2]
    assert CountWords.calls == ["two three times", "six", "six", "nobody knows"]


def test_a_mapper_without_the_last_verdicts_part_does_that_batch_again(source, tmp_path):
    with apply([Shout()], source, tmp_path / "out") as result:
        rows = result.rows()
    (folder,) = (tmp_path / "out").glob("*_shout_*")
    (folder / "part-00002.parquet").unlink()
    Shout.calls.clear()
    with apply([Shout()], source, tmp_path / "out") as result:
        assert result.rows() == rows
    assert Shout.calls == ["six", "nobody knows"]


def test_several_processes_give_the_rows_of_one(tmp_path, write_traces):
    many = [Trace(Problem(f"{n // 3}?", str(n % 2)), f"{'step. ' * n}So {n}.", str(n % 3)) for n in range(12)]
    source = Parts(write_traces(tmp_path / "in", many))
    steps = [SegmentReasoning(splitter="sentence"), Cut(amount=0.5), CountWords(), DropDuplicates()]
    one = apply(steps, source, tmp_path / "one", Local(1))
    with one, apply(steps, source, tmp_path / "two", Local(2)) as two:
        assert one.rows() == two.rows()
        assert list(one.traces()) == list(two.traces())
        assert [r.model_copy(update={"seconds": 0}) for r in one.reports] == [
            r.model_copy(update={"seconds": 0}) for r in two.reports
        ]


class Exits(Annotator):
    """Kills the process that runs it."""

    op: Literal["exits"] = "exits"

    def adds(self) -> dict[str, ScoreType]:
        return {"n": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        os._exit(9)


def test_a_killed_worker_process_ends_the_step_with_a_sentence(tmp_path, write_traces):
    many = [Trace(Problem(f"{n}?"), "text") for n in range(10)]
    source = Parts(write_traces(tmp_path / "in", many))
    with pytest.raises(UserError, match="A worker process was killed, probably for want of memory"):
        apply([Exits()], source, tmp_path / "out", Local(2))


def test_progress_is_told_in_rows(source, tmp_path):
    told: list[tuple[int, int, str]] = []
    with apply([CountWords()], source, tmp_path / "out", progress=lambda *values: told.append(values)):
        pass
    assert told == [(0, 6, "1. count_words"), *[(n, 6, "1. count_words") for n in (2, 4, 6)]]


def test_folders_may_have_quotes_in_their_names(traces, tmp_path, write_traces):
    folder = tmp_path / 'it\'s "here"'
    with apply([CountWords(), Shout()], Parts(write_traces(folder / "in", traces)), folder / "out") as result:
        result.write_ledger(folder / "ledger.parquet")
        assert result.count("count(*)") == 6
    with apply([CountWords(), Shout()], Parts(write_traces(folder / "in", traces)), folder / "out") as result:
        assert result.count("count(*)") == 6
