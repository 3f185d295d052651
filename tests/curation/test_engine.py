"""Applying recipes: what each step reports, decides and leaves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq
import pytest
from fakes import CountWords, Shout

from curation.application.sources import Parts
from curation.engine import apply
from curation.errors import UserError
from curation.operator import Operator, QueryAnnotator, ScoreType, Selector
from curation.operators.chunk import Chunk
from curation.operators.cut import Cut
from curation.operators.difficulty import Difficulty
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.trace import Problem, Segment, Trace, derive

Write = Callable[[Path, list[Trace]], list[Path]]


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    CountWords.calls.clear()
    Shout.calls.clear()


@pytest.fixture
def source(tmp_path: Path, traces: list[Trace], write_traces: Write) -> Parts:
    return Parts(write_traces(tmp_path / "in", traces))


def verdicts(result, step: int) -> list[tuple]:
    fields = ("trace_id", "verdict", "became", "reason", "value", "threshold")
    rows = result.connection.sql(result.ledger().relation).to_arrow_table().to_pylist()
    return sorted(tuple(row[name] for name in fields) for row in rows if row["step"] == step)


def reasonings(result) -> list[str]:
    return [trace.reasoning for batch in result.traces() for trace in batch]


def test_steps_report_rows_problems_characters_and_reasons(source, tmp_path):
    steps = [CountWords(), KeepWhere(score="n_words", minimum=2), DropDuplicates(over="problem")]
    with apply(steps, source, tmp_path / "out") as result:
        reports = [report.model_dump(exclude={"seconds"}) for report in result.reports]
        assert reasonings(result) == ["one and one", "two three times", "nobody knows"]
    common = {"tokens": None, "changed": 0, "failed": 0, "estimated": False}
    assert reports == [
        {
            "step": 1, "op": "count_words", "kind": "annotator", "spec": {"op": "count_words"}, "rows_in": 6,
            "rows": 6, "problems": 3, "chars": 68, "reasons": {}, **common,
        },
        {
            "step": 2, "op": "keep_where", "kind": "selector",
            "spec": {"op": "keep_where", "score": "n_words", "minimum": 2.0}, "rows_in": 6, "rows": 4, "problems": 3,
            "chars": 60, "reasons": {"n_words is below 2": 2}, **common,
        },
        {
            "step": 3, "op": "drop_duplicates", "kind": "selector",
            "spec": {"op": "drop_duplicates", "over": "problem"}, "rows_in": 4, "rows": 3, "problems": 3, "chars": 40,
            "reasons": {"same problem as another row": 1}, **common,
        },
    ]  # fmt: skip


def test_the_ledger_has_a_row_per_selector_decision(source, traces, tmp_path):
    with apply([CountWords(), KeepWhere(score="n_words", minimum=3)], source, tmp_path / "out") as result:
        result.write_ledger(tmp_path / "ledger.parquet")
    rows = {row["trace_id"]: row for row in pq.read_table(tmp_path / "ledger.parquet").to_pylist()}
    assert len(rows) == 6
    assert rows[traces[0].id] == {
        "step": 2, "op": "keep_where", "trace_id": traces[0].id, "verdict": "kept", "value": 3.0, "label": "3.0",
        "threshold": "3.0", "reason": None, "other": None, "became": None,
    }  # fmt: skip
    assert rows[traces[3].id] == {
        "step": 2, "op": "keep_where", "trace_id": traces[3].id, "verdict": "dropped", "value": 1.0, "label": "1.0",
        "threshold": "3.0", "reason": "n_words is below 3", "other": None, "became": None,
    }  # fmt: skip


def test_the_ledger_names_what_a_mapper_made(source, traces, tmp_path):
    with apply([Shout()], source, tmp_path / "out") as result:
        result.write_ledger(tmp_path / "ledger.parquet")
    rows = {row["trace_id"]: row for row in pq.read_table(tmp_path / "ledger.parquet").to_pylist()}
    child = derive(traces[3], reasoning="six!")
    assert rows[traces[3].id] == {
        "step": 1, "op": "shout", "trace_id": traces[3].id, "verdict": "changed", "value": None, "label": None,
        "threshold": None, "reason": None, "other": None, "became": [child.id],
    }  # fmt: skip


def test_an_empty_recipe_keeps_everything(source, traces, tmp_path):
    with apply([], source, tmp_path / "out") as result:
        assert [trace for batch in result.traces() for trace in batch] == traces
        assert result.scores() == []
        result.write_ledger(tmp_path / "ledger.parquet")
    assert pq.read_table(tmp_path / "ledger.parquet").num_rows == 0


def test_no_traces_give_no_rows(tmp_path):
    steps = [CountWords(), KeepWhere(score="n_words", minimum=2), Shout(), CountWords(), DropDuplicates()]
    with apply(steps, Parts([]), tmp_path / "out") as result:
        assert [report.rows for report in result.reports] == [0, 0, 0, 0, 0]
        assert list(result.traces()) == []


def test_an_id_that_comes_twice_counts_once(tmp_path, traces, write_traces):
    source = Parts(write_traces(tmp_path / "in", [*traces, traces[0], traces[3]]))
    with apply([CountWords()], source, tmp_path / "out") as result:
        assert result.reports[0].rows_in == 6
        assert [trace for batch in result.traces() for trace in batch] == traces
    assert len(CountWords.calls) == 6


def test_failed_rows_go_on_without_a_score_and_are_counted(tmp_path, write_traces):
    many = [Trace(Problem(f"{n}?"), "bad" if n == 7 else f"text {n}") for n in range(40)]
    source = Parts(write_traces(tmp_path / "in", many))
    with apply([CountWords(forbidden="bad"), KeepWhere(score="n_words", minimum=1)], source, tmp_path / "o") as result:
        assert verdicts(result, 1) == [(many[7].id, "failed", None, "ValueError: found bad", None, None)]
        assert result.reports[0].failed == 1
        assert result.reports[0].reasons == {"ValueError: found bad": 1}
        assert result.reports[1].reasons == {"n_words is unknown": 1}
        assert result.reports[1].rows == 39


def test_too_many_failed_rows_stop_the_recipe(source, tmp_path):
    message = r"Step 1 \(count_words\) failed on 2 of 6 rows \(33%; the limit is 5%\). First reason: ValueError: found"
    with pytest.raises(UserError, match=message):
        apply([CountWords(forbidden="six")], source, tmp_path / "out")


def test_a_mapper_says_what_it_changed_kept_dropped_and_failed(tmp_path, write_traces):
    words = ["calm", "loud!", "", "what?"] + [f"loud {n}!" for n in range(40)]
    rows = [Trace(Problem("q"), word) for word in words]
    with apply([Shout()], Parts(write_traces(tmp_path / "in", rows)), tmp_path / "out") as result:
        child = derive(rows[0], reasoning="calm!")
        found = {row[0]: row[1:4] for row in verdicts(result, 1)}
        assert [found[row.id] for row in rows[:4]] == [
            ("changed", [child.id], None),
            ("kept", [rows[1].id], None),
            ("dropped", [], "shout left nothing"),
            ("failed", [], "ValueError: a question"),
        ]
        assert reasonings(result)[:2] == ["calm!", "loud!"]
        assert (result.reports[0].changed, result.reports[0].failed, result.reports[0].rows) == (1, 1, 42)


def test_scores_of_a_trace_are_cleared_by_a_mapper_and_those_of_its_problem_stay(source, tmp_path):
    steps = [VerifyAnswer(), Difficulty(), CountWords(), Shout()]
    with apply(steps, source, tmp_path / "out") as result:
        assert sorted(result.scores()) == ["difficulty", "difficulty_basis", "pass_rate"]
        rates = [row["pass_rate"] for row in result.rows().to_pylist()]
    assert rates == [0.5, 0.5, 1.0, 1.0, 1.0, None]


def test_children_of_one_trace_all_carry_its_problems_scores(source, tmp_path):
    steps = [VerifyAnswer(), Difficulty(), SegmentReasoning(splitter="sentence"), Chunk(n_chunks=2), CountWords()]
    with apply(steps, source, tmp_path / "out") as result:
        rows = [(t.reasoning, t.answer) for batch in result.traces() for t in batch if t.model == "bob"]
        rates = {row["pass_rate"] for row in result.rows().to_pylist() if row["model"] == "bob"}
        assert rows == [("Wait, no.\n\n", ""), ("Wait, no.\n\nIt is 3.", "3"), ("six", "6")]
        assert rates == {0.5, 1.0}
        assert result.reports[-1].rows == 7


def test_a_score_measured_again_replaces_the_old_one(source, tmp_path):
    steps = [CountWords(), CountWords(forbidden="nowhere"), KeepWhere(score="n_words", minimum=3)]
    with apply(steps, source, tmp_path / "out") as result:
        assert result.scores() == ["n_words"]
        assert reasonings(result) == ["one and one", "Wait, no.\n\nIt is 3.", "two three times"]


def test_borderline_rows_are_those_nearest_to_the_threshold_of_equals_the_first(source, traces, tmp_path):
    with apply([CountWords(), KeepWhere(score="n_words", minimum=2)], source, tmp_path / "out") as result:
        rows = result.borderline(2, n=1).to_pylist()
    assert rows == [
        {"id": traces[3].id, "value": 1.0, "kept": False, "reason": "n_words is below 2"},
        {"id": traces[5].id, "value": 2.0, "kept": True, "reason": None},
    ]


def test_borderline_rows_come_from_both_ends_of_a_range(source, traces, tmp_path):
    with apply([KeepWhere(score="n_chars", minimum=5, maximum=16)], source, tmp_path / "out") as result:
        rows = [(row["value"], row["kept"]) for row in result.borderline(1, n=2).to_pylist()]
    assert rows == [(4.0, False), (12.0, True), (16.0, True), (20.0, False)]


def test_a_selector_on_categories_has_no_borderline_rows(source, tmp_path):
    with apply([KeepWhere(score="model", values=["ada"])], source, tmp_path / "out") as result:
        assert result.borderline(1).num_rows == 0


def test_examples_show_a_trace_before_and_after_with_its_segments(source, traces, tmp_path):
    steps = [SegmentReasoning(), Cut(amount=0.5)]
    with apply(steps, source, tmp_path / "out") as result:
        (example,) = result.examples(2)
    assert example.before == replace(traces[1], segments=(Segment(0, 11, "backtrack"), Segment(11, 19, "attempt")))
    assert [child.reasoning for child in example.after] == ["Wait, no.\n\n"]


def test_rates_are_computed_again_after_a_selector_and_a_mapper(source, tmp_path):
    right = KeepWhere(score="correct", equals=True)
    steps = [VerifyAnswer(), Difficulty(), right, Difficulty(), Shout(), VerifyAnswer(), Difficulty(min_traces=3)]
    with apply(steps, source, tmp_path / "out") as result:
        assert result.scores() == [
            "difficulty", "difficulty_basis", "pass_rate", "correct", "extracted", "decided_by", "correct_second",
            "verifiers_agree",
        ]  # fmt: skip
        assert [row["pass_rate"] for row in result.rows().to_pylist()] == [None, 1.0, 1.0, 1.0]


class Ranked(QueryAnnotator):
    """Rank rows by length."""

    op: Literal["ranked"] = "ranked"

    def adds(self) -> dict[str, ScoreType]:
        return {"rank": "number"}

    def query(self) -> str:
        return "SELECT id, rank() OVER (ORDER BY n_chars, id) AS rank FROM rows"


class Nonsense(Selector):
    """Compares text with a number."""

    op: Literal["nonsense"] = "nonsense"

    def decide(self):
        from curation.operator import Decision

        return Decision("model", "CAST(model AS DOUBLE) > 1", "'r'", "1")


def test_a_query_annotator_sees_only_the_rows_still_kept(source, tmp_path):
    steps: list[Operator] = [KeepWhere(score="model", values=["ada"]), Ranked()]
    with apply(steps, source, tmp_path / "out") as result:
        assert [row["rank"] for row in result.rows().to_pylist()] == [1, 3, 2]


def test_a_decision_that_does_not_fit_its_score_names_the_step(source, tmp_path):
    with pytest.raises(UserError, match=r"Step 1 \(nonsense\) does not fit the scores it reads"):
        apply([Nonsense()], source, tmp_path / "out")
