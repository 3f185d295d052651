"""What pages and the command line read from the store, on a literal world."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.application.batches import annotate_batch
from curation.application.sources import Parts, Stored
from curation.errors import UserError
from curation.operator import LABELS
from curation.operators.count_tokens import CountTokens
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.query.browse import Counts
from curation.query.filters import Filter
from curation.store import Store
from curation.table import LIGHT, PROBLEMS, from_table, to_table, write_part
from curation.trace import Problem, Trace


@pytest.fixture
def store(tmp_path: Path, traces: list[Trace]) -> Iterator[Store]:
    """The six traces, checked; a seventh problem without a trace."""
    made = Store(tmp_path / "winnow.duckdb")
    placed = [Trace(**{**_fields(trace), "source": "six.jsonl", "line": n}) for n, trace in enumerate(traces, 1)]
    write_part(to_table(placed), tmp_path / "out" / "part-00000.parquet")
    alone = Problem("3 - 2?", "1", "rest")
    row = {**asdict(alone), "id": alone.id, "media": [], "source": "six.jsonl", "line": 7}
    write_part(pa.Table.from_pylist([row], schema=PROBLEMS), tmp_path / "out" / "problems-00000.parquet")
    (tmp_path / "out" / "report.json").write_text('{"files": [{"path": "six.jsonl", "warnings": ["short"]}]}')
    made.take_import("run", tmp_path / "out")
    write_part(annotate_batch(VerifyAnswer(), placed), tmp_path / "ann.parquet")
    made.take_annotation("", VerifyAnswer(), [tmp_path / "ann.parquet"])
    yield made
    made.close()


def _fields(trace: Trace) -> dict:
    return {name: getattr(trace, name) for name in trace.__slots__}


def models(table: pa.Table) -> list[str]:
    return table.column("model").to_pylist()


def test_columns_are_metadata_then_scores(store):
    assert store.columns() == {
        "dataset": "category",
        "split": "category",
        "subject": "category",
        "model": "category",
        "form": "category",
        "sample": "number",
        "closed": "flag",
        "given_correct": "flag",
        "n_chars": "number",
        "decision": "category",
        "human_correct": "flag",
        "noted": "flag",
        "correct": "flag",
        "extracted": "category",
        "decided_by": "category",
        **dict.fromkeys(("correct_second", "verifiers_agree"), "flag"),
    }


def test_counts_say_how_much_a_filter_shows(store, tmp_path, traces):
    assert store.count(Filter()) == Counts(rows=6, problems=3, chars=68, tokens=None)
    assert store.count(Filter(values={"model": ("ada",)})) == Counts(rows=3, problems=3, chars=40, tokens=None)
    assert store.count(Filter(values={"model": ("nobody",)})) == Counts(rows=0, problems=0, chars=0, tokens=None)
    write_part(annotate_batch(CountTokens(), traces[:3]), tmp_path / "tokens.parquet")
    store.take_annotation("", CountTokens(), [tmp_path / "tokens.parquet"])
    assert store.count(Filter()).tokens is None
    counted = store.scores(traces[0].id)["n_tokens"] + store.scores(traces[2].id)["n_tokens"]
    assert store.count(Filter(values={"model": ("ada",)}, ranges={"n_tokens": (0, None)})).tokens == counted


def test_a_page_has_light_columns_scores_and_the_question(store, traces):
    page = store.page(Filter(), limit=1)
    assert page.to_pylist() == [
        {
            "id": traces[0].id, "problem_id": traces[0].problem.id, "dataset": "sums", "split": None, "subject": None,
            "model": "ada", "form": "cot", "sample": 0, "closed": None, "given_correct": None, "n_chars": 12,
            "text_key": traces[0].text_key, "parent_id": None, "decision": None, "human_correct": None,
            "noted": False, "correct": True, "extracted": "2", "correct_second": True, "verifiers_agree": True,
            "decided_by": page.to_pylist()[0]["decided_by"], "question": "1 + 1?",
        }
    ]  # fmt: skip


def test_pages_follow_import_order_or_a_score_with_unknown_last(store):
    assert models(store.page(Filter(), offset=2, limit=2)) == ["ada", "bob"]
    assert store.page(Filter(), sort="n_chars").column("n_chars").to_pylist() == [4, 4, 12, 12, 16, 20]
    falling = store.page(Filter(), sort="correct", descending=True).column("correct").to_pylist()
    assert falling == [True, True, True, True, False, None]
    with pytest.raises(UserError, match="Unknown score to sort by 'nothing'; known: closed, correct"):
        store.page(Filter(), sort="nothing")


def test_ids_follow_import_order(store, traces):
    assert store.ids(Filter()) == [trace.id for trace in traces]
    assert store.ids(Filter(flags={"correct": False})) == [traces[1].id]
    assert store.ids(Filter(), limit=2) == [traces[0].id, traces[1].id]


def test_a_trace_comes_back_as_it_was(store, traces):
    found = store.trace(traces[1].id)
    assert (found.problem, found.reasoning, found.answer, found.line) == (
        traces[1].problem,
        "Wait, no.\n\nIt is 3.",
        "3",
        2,
    )
    with pytest.raises(UserError, match="There is no trace 'nobody' in this workspace"):
        store.trace("nobody")


def test_traces_come_in_the_order_asked_for(store, traces):
    asked = [traces[4].id, "unknown", traces[0].id]
    assert [trace.id for batch in store.traces(asked) for trace in batch] == [traces[4].id, traces[0].id]


def test_questions_are_found_for_the_traces_that_are_here(store, traces):
    asked = [traces[3].id, traces[0].id, "nowhere"]
    assert store.questions(asked) == {trace.id: trace.question for trace in (traces[3], traces[0])}
    assert store.questions([]) == {}


def test_scores_of_a_trace_by_name(store, traces):
    found = store.scores(traces[1].id)
    assert (found["correct"], found["extracted"], found["n_chars"]) == (False, "3", 20)
    assert "id" not in found
    assert store.scores("nobody") == {}


def test_siblings_are_all_traces_of_a_problem(store, traces):
    assert models(store.siblings(traces[2].problem.id)) == ["ada", "bob", "cyd"]


def test_a_histogram_has_equal_bins_from_smallest_to_largest(store):
    assert store.histogram("n_chars", Filter(), bins=2).to_pylist() == [
        {"low": 4.0, "high": 12.0, "rows": 2},
        {"low": 12.0, "high": 20.0, "rows": 4},
    ]
    assert store.histogram("n_chars", Filter(values={"model": ("bob",)}), bins=2, group="model").to_pylist() == [
        {"low": 4.0, "high": 12.0, "rows": 1, "group": "bob"},
        {"low": 12.0, "high": 20.0, "rows": 1, "group": "bob"},
    ]


def test_a_histogram_of_one_value_has_one_bin_and_of_none_has_none(store):
    assert store.histogram("sample", Filter()).to_pylist() == [{"low": 0.0, "high": 1.0, "rows": 6}]
    assert store.histogram("n_chars", Filter(values={"model": ("nobody",)})).to_pylist() == []
    with pytest.raises(UserError, match="Unknown number 'model'; known: n_chars, sample"):
        store.histogram("model", Filter())


def test_categories_count_values_commonest_first(store):
    assert store.categories("model", Filter()).to_pylist() == [
        {"value": "ada", "rows": 3},
        {"value": "bob", "rows": 2},
        {"value": "cyd", "rows": 1},
    ]
    assert store.categories("correct", Filter()).to_pylist() == [
        {"value": "true", "rows": 4},
        {"value": "false", "rows": 1},
        {"value": None, "rows": 1},
    ]
    with pytest.raises(UserError, match="Unknown category or flag 'n_chars'"):
        store.categories("n_chars", Filter())


def test_the_empty_value_finds_what_is_unknown(store):
    unknown = store.count(Filter(values={"split": ("",)})).rows
    assert unknown == sum(row["rows"] for row in store.categories("split", Filter()).to_pylist() if not row["value"])
    assert unknown > 0


def test_points_are_pairs_of_numbers_with_a_colour(store, traces):
    rows = store.points("n_chars", "sample", "model", Filter(flags={"correct": False})).to_pylist()
    assert rows == [{"id": traces[1].id, "x": 20, "y": 0, "colour": "bob", "inside": True}]
    assert store.points("n_chars", "sample", None, Filter(), limit=4).num_rows == 4


def test_a_summary_has_quantiles_per_group(store):
    rows = store.summary("n_chars", "model", Filter()).to_pylist()
    assert [row["group"] for row in rows] == ["ada", "bob", "cyd"]
    assert rows[1] == {
        "group": "bob", "rows": 2, "low": pytest.approx(4.8), "q1": 8.0, "median": 12.0, "q3": 16.0,
        "high": pytest.approx(19.2),
    }  # fmt: skip


def test_grouping_and_colouring_take_known_columns_only(store):
    with pytest.raises(UserError, match="Unknown column 'nobody'; known: closed, correct"):
        store.summary("n_chars", "nobody", Filter())
    with pytest.raises(UserError, match="Unknown column 'nobody'"):
        store.histogram("n_chars", Filter(), group="nobody")
    with pytest.raises(UserError, match="Unknown column 'nobody'"):
        store.points("n_chars", "sample", "nobody", Filter())


def test_datasets_have_traces_problems_and_references(store):
    assert store.datasets().to_pylist() == [
        {"dataset": "", "traces": 1, "problems": 1, "answered": 0},
        {"dataset": "rest", "traces": 0, "problems": 1, "answered": 1},
        {"dataset": "sums", "traces": 5, "problems": 2, "answered": 2},
    ]


def test_problems_with_a_reference_are_written_for_a_benchmark(store, tmp_path):
    assert store.write_problems("sums", tmp_path / "problems.parquet") == 2
    assert pq.read_table(tmp_path / "problems.parquet").column("reference").to_pylist() == ["2", "6"]


def test_light_columns_come_with_labels_and_without_scores(store):
    assert store.light(Filter(values={"model": ("cyd",)})).schema.names == [*LIGHT, *LABELS]


def test_written_traces_read_back_equal(store, tmp_path, traces):
    store.write_traces(Filter(values={"model": ("bob",)}), tmp_path / "it's.parquet")
    found = from_table(pq.read_table(tmp_path / "it's.parquet"))
    assert [(trace.id, trace.reasoning, trace.line) for trace in found] == [
        (traces[1].id, "Wait, no.\n\nIt is 3.", 2),
        (traces[3].id, "six", 4),
    ]


def test_stored_results_travel_as_files(store, tmp_path):
    store.write_stored(VerifyAnswer(), tmp_path / "known")
    store.write_stored(CountTokens(), tmp_path / "known")
    assert [path.stem for path in (tmp_path / "known").iterdir()] == [VerifyAnswer().key()]
    known = Parts([], tmp_path / "known").known(VerifyAnswer())
    assert known.to_pylist() == store.known(VerifyAnswer()).to_pylist()
    assert known.schema.names == ["id", *VerifyAnswer().adds(), "failure"]


def test_segments_are_read_for_the_traces_asked_for(store, tmp_path, traces):
    write_part(annotate_batch(SegmentReasoning(), traces), tmp_path / "segments.parquet")
    store.take_annotation("", SegmentReasoning(), [tmp_path / "segments.parquet"])
    store.write_stored(SegmentReasoning(), tmp_path / "known")
    asked = {traces[0].id, "nobody"}
    here = store.attached(SegmentReasoning(), "segments", asked)
    there = Parts([], tmp_path / "known").attached(SegmentReasoning(), "segments", asked)
    assert here.to_pylist() == there.to_pylist()
    assert here.to_pylist() == [{"id": traces[0].id, "segments": [{"start": 0, "stop": 11, "kind": "attempt"}]}]
    assert store.attached(CountTokens(), "segments", asked).num_rows == 0


def test_stored_traces_and_their_parts_are_the_same_source(store, tmp_path):
    chosen = Filter(values={"model": ("ada", "bob")})
    store.write_traces(chosen, tmp_path / "part-00000.parquet")
    stored, written = Stored(store, chosen), Parts([tmp_path / "part-00000.parquet"])
    assert stored.rows().to_pylist() == written.rows().to_pylist()
    ids = set(store.ids(chosen))
    assert [t for b in stored.batches(ids) for t in b.traces()] == [
        t for b in written.batches(ids) for t in b.traces()
    ]


def test_a_condition_selects_rows_with_their_question(store, traces):
    rows = store.select("n_chars > 12 AND model = 'bob' -- a comment", 10).to_pylist()
    assert [(row["id"], row["question"], row["correct"]) for row in rows] == [(traces[1].id, "1 + 1?", False)]
    assert store.select("TRUE", 2).num_rows == 2
    assert store.select("FALSE", 2).num_rows == 0


def test_a_condition_that_is_none_names_the_columns_there_are(store):
    with pytest.raises(UserError, match='"nothing" not found.*Columns of scores: dataset, split'):
        store.select("nothing > 1", 10)


def test_imports_list_what_became_of_rows(store):
    (row,) = store.imports().to_pylist()
    del row["taken"]
    assert row == {
        "run": "run", "files": "six.jsonl", "rows": 7, "imported": 7, "duplicates": 0, "quarantined": 0, "traces": 6,
        "problems": 4, "warnings": "six.jsonl: short",
    }  # fmt: skip


def test_texts_are_searched_in_question_reasoning_and_answer(store, traces):
    assert store.ids(Filter(text="WAIT")) == [traces[1].id]
    assert store.ids(Filter(text="why")) == [traces[5].id]
    assert store.ids(Filter(text="it's")) == []


def test_no_number_is_shown_where_none_is_known(store):
    assert store.summary("sample", "split", Filter()).to_pylist()[0]["group"] is None
    assert not any(math.isnan(row["median"]) for row in store.summary("sample", "model", Filter()).to_pylist())
