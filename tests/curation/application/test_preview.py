"""Previews: recipes edited step by step over the rows of a store."""

from pathlib import Path

import pyarrow as pa
import pytest
from fakes import CountSame, CountWords, Shout

from curation.application.ledger import Fate
from curation.application.preview import Preview
from curation.engine import KEPT
from curation.errors import UserError
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.keep_where import KeepWhere
from curation.query.filters import Filter
from curation.store import Store
from curation.table import to_table, write_part
from curation.trace import Problem, Trace


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    for fake in (CountWords, Shout, CountSame):
        fake.calls.clear()


@pytest.fixture
def many(tmp_path: Path) -> list[Trace]:
    problems = [Problem(f"{n}?", split="12x"[n % 3]) for n in range(100)]
    return [Trace(problems[n // 4], "word " * (n % 7), str(n), model="ab"[n % 2]) for n in range(400)]


@pytest.fixture
def preview(tmp_path: Path, many: list[Trace]):
    store = Store(tmp_path / "winnow.duckdb")
    write_part(to_table(many), tmp_path / "out" / "part-00000.parquet")
    (tmp_path / "out" / "report.json").write_text('{"files": []}')
    store.take_import("run", tmp_path / "out")
    made = Preview(store, Filter())
    yield made
    made.close()
    store.close()


def rows(preview: Preview, *steps) -> list[int]:
    with preview.apply(steps) as result:
        return [report.rows for report in result.reports]


def test_only_the_steps_after_a_change_are_applied_anew(preview):
    long, short = KeepWhere(score="n_chars", minimum=10), KeepWhere(score="n_chars", maximum=20)
    with preview.apply([long, short]) as result:
        first = result.states
    with preview.apply([long, KeepWhere(score="n_chars", maximum=15)]) as result:
        changed = result.states
    with preview.apply([long, short]) as result:
        again = result.states
    assert [state is other for state, other in zip(first, changed, strict=True)] == [True, True, False]
    assert [state is other for state, other in zip(first, again, strict=True)] == [True, True, True]


def test_a_value_that_cannot_be_compared_matters_only_where_its_row_is_left(preview):
    numbers = [KeepWhere(score="split", values=["1", "2"]), KeepWhere(score="split", minimum=2)]
    assert rows(preview, *numbers) == [268, 132]
    with pytest.raises(UserError, match=r"^Step 1 \(keep_where\) does not fit the scores it reads: "):
        preview.apply(numbers[1:])


def test_a_decision_is_asked_anew_of_rows_that_are_measured_later(preview):
    words = KeepWhere(score="n_words", minimum=0)
    assert rows(preview, KeepWhere(score="model", values=["a"]), CountWords(), words) == [200, 200, 200]
    assert rows(preview, KeepWhere(score="model", values=["b"]), CountWords(), words) == [200, 200, 200]


def test_of_rows_with_the_same_text_the_first_that_is_left_stays(preview):
    same = [KeepWhere(score="n_chars", minimum=8), DropDuplicates(over="problem_and_model")]
    with preview.apply(same) as result:
        kept = [trace.answer for batch in result.traces() for trace in batch]
    with preview.apply([DropDuplicates(over="problem_and_model"), same[0]]) as result:
        first = [trace.answer for batch in result.traces() for trace in batch]
    assert (kept[:4], first[:4]) == (["2", "3", "4", "5"], ["4", "5", "9", "12"])


def test_a_mapper_is_not_run_again_for_traces_it_has_seen(preview):
    both = [KeepWhere(score="model", values=["a", "b"]), Shout()]
    assert rows(preview, *both)[-1] > 0
    seen = len(Shout.calls)
    one = rows(preview, KeepWhere(score="model", values=["a"]), Shout())
    assert seen == 200
    assert len(Shout.calls) - seen == 100
    assert one[0] == 200


def test_a_step_that_compares_all_texts_ends_the_preview_with_a_word(preview):
    with preview.apply(
        [KeepWhere(score="n_chars", minimum=1), CountSame(), KeepWhere(score="n_same", minimum=2)]
    ) as result:
        assert [report.op for report in result.reports] == ["keep_where"]
        assert result.stopped == (
            "Step 2 (count_same) compares all traces with each other, which a preview does not do: "
            "measure it, then go on."
        )
    few = KeepWhere(score="n_chars", minimum=30)
    assert rows(preview, few, CountSame()) == [57, 57]
    assert CountSame.calls != []


def test_rows_that_come_back_under_another_threshold_are_named(preview, many):
    strict, loose = KeepWhere(score="n_chars", minimum=33), KeepWhere(score="n_chars", minimum=32)
    with preview.apply([strict]) as result:
        back = result.back(1, loose)
    expected = sorted(t.id for t in many if len(t.reasoning) + len(t.answer) == 32)
    assert back.to_pylist() == [{"id": i, "value": 32.0, "reason": "n_chars is below 33"} for i in expected]


def test_why_a_row_is_gone(preview, many):
    with preview.apply([KeepWhere(score="n_chars", minimum=3), KeepWhere(score="model", values=["b"])]) as result:
        assert result.why(many[2].id) == [
            Fate(1, "keep_where", many[2].id, "kept", 11.0, "11.0", "3.0", None, None, ()),
            Fate(2, "keep_where", many[2].id, "dropped", None, "a", "b", "model is not b", None, ()),
        ]
        assert result.why("nobody") == []


def test_the_flags_of_forgotten_states_are_dropped(preview):
    for bound in range(KEPT + 20):
        rows(preview, KeepWhere(score="n_chars", minimum=bound))
    views = preview._application.memory.sql("SELECT count(*) FROM duckdb_views() WHERE NOT internal")
    assert views == [(KEPT,)]
    assert rows(preview, KeepWhere(score="n_chars", minimum=0)) == [400]


def test_what_is_left_after_each_step_is_a_query(preview):
    with preview.apply([CountWords(), KeepWhere(score="model", values=["a"])]) as result:
        found = [result.connection.sql(result.alive(step)).to_arrow_table() for step in range(3)]
    assert isinstance(found[0], pa.Table)
    assert [table.num_rows for table in found] == [400, 200, 100]
    assert ["n_words" in table.column_names for table in found] == [False, True, True]
