"""What an application leaves: rows, scores, traces, and a folder that goes with it."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.application.result import Result
from curation.application.sources import Parts
from curation.engine import apply
from curation.operator import LABELS
from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.table import LIGHT, SCHEMA, from_table, to_table
from curation.trace import Trace

STEPS = [VerifyAnswer(), SegmentReasoning(), KeepWhere(score="correct", equals=True)]


@pytest.fixture
def result(tmp_path: Path, traces: list[Trace], write_traces: Callable):
    with apply(STEPS, Parts(write_traces(tmp_path / "in", traces)), tmp_path / "out") as made:
        yield made


def test_rows_have_light_columns_and_scores_in_order(result: Result, traces):
    assert result.scores() == [
        "correct", "extracted", "decided_by", "correct_second", "verifiers_agree", "n_segments", "n_checks",
        "n_backtracks", "n_alternatives", "attempt_share",
    ]  # fmt: skip
    assert result.rows().schema.names == [*LIGHT, *LABELS, *result.scores()]
    assert result.rows().column("id").to_pylist() == [traces[n].id for n in (0, 2, 3, 4)]


def test_counts_are_over_the_surviving_rows(result: Result):
    assert (result.count("count(*)"), result.count("count(DISTINCT problem_id)")) == (4, 2)


def test_traces_come_with_their_segments(result: Result):
    assert [
        [trace.reasoning[span.start : span.stop] for span in trace.segments]
        for batch in result.traces()
        for trace in batch
    ] == [["one and one"], ["two three times"], ["six"], ["six"]]


def test_a_table_with_scores_keeps_the_order_asked_for(result: Result, traces):
    table = result.with_scores(to_table([traces[3], traces[0]]), ["correct", "n_segments"])
    assert table.schema.names == [*SCHEMA.names, "correct", "n_segments"]
    assert from_table(table) == [traces[3], traces[0]]
    assert table.column("n_segments").to_pylist() == [1.0, 1.0]
    assert result.with_scores(to_table([traces[0]]), []).schema == SCHEMA


def test_the_ledger_tells_every_verdict(result: Result, traces, tmp_path):
    result.write_ledger(tmp_path / "it's.parquet")
    rows = pq.read_table(tmp_path / "it's.parquet").to_pylist()
    assert [path.suffix for path in tmp_path.glob("it's*")] == [".parquet"]
    assert {(row["step"], row["trace_id"], row["verdict"], row["reason"]) for row in rows} == {
        *((3, traces[n].id, "kept", None) for n in (0, 2, 3, 4)),
        (3, traces[1].id, "dropped", "correct is false"),
        (3, traces[5].id, "dropped", "correct is unknown"),
    }


def test_results_of_the_same_step_before_and_after_a_mapper_are_kept_apart(tmp_path, traces, write_traces):
    steps = [CountTokens(), SegmentReasoning(), Cut(amount=0.5), CountTokens()]
    with apply(steps, Parts(write_traces(tmp_path / "in", traces)), tmp_path / "out") as made:
        tokens = [report.tokens for report in made.reports]
        assert tokens[0] == tokens[1]
        assert tokens[2] is None
        assert tokens[3] < tokens[0]
