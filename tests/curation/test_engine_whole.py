"""Steps that look at all rows at once: comparisons, vectors, decisions by hand."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from fakes import CountSame, Measure, Nearest, Shout

from curation.application.batches import annotation_schema
from curation.application.ledger import Fate
from curation.application.sources import Parts
from curation.engine import apply
from curation.errors import UserError
from curation.operators.keep_where import KeepWhere
from curation.table import write_part
from curation.trace import Trace


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    CountSame.calls.clear()


@pytest.fixture
def source(tmp_path: Path, traces: list[Trace], write_traces: Callable) -> Parts:
    return Parts(write_traces(tmp_path / "in", traces))


def reasonings(result) -> list[str]:
    return [trace.reasoning for batch in result.traces() for trace in batch]


def test_rows_are_compared_among_those_still_kept(source, tmp_path):
    steps = [
        KeepWhere(score="model", values=["bob", "cyd"]),
        CountSame(forbidden="Wait"),
        KeepWhere(score="n_same", minimum=2),
    ]
    with pytest.raises(UserError, match=r"Step 2 \(count_same\) failed on 1 of 3 rows"):
        apply(steps, source, tmp_path / "broken")
    with apply([steps[0], CountSame(), steps[2]], source, tmp_path / "out") as result:
        assert reasonings(result) == ["six", "six"]
        assert result.rows().column("n_same").to_pylist() == [2.0, 2.0]


def test_a_comparison_left_by_an_interrupted_application_is_not_made_again(source, tmp_path):
    for _ in range(2):
        with apply([CountSame()], source, tmp_path / "out") as result:
            assert result.rows().column("n_same").to_pylist() == [1.0, 1.0, 1.0, 2.0, 2.0, 1.0]
    assert len(CountSame.calls) == 6


def test_stored_comparisons_are_taken_when_they_cover_every_row_left(source, traces, tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    rows = [{"id": trace.id, "n_same": 7.0} for trace in traces]
    write_part(pa.Table.from_pylist(rows, annotation_schema(CountSame())), known / f"{CountSame().key()}.parquet")
    with apply([CountSame()], Parts(source.paths, known), tmp_path / "all") as result:
        assert set(result.rows().column("n_same").to_pylist()) == {7.0}
    write_part(pa.Table.from_pylist(rows[1:], annotation_schema(CountSame())), known / f"{CountSame().key()}.parquet")
    with apply([CountSame()], Parts(source.paths, known), tmp_path / "some") as result:
        assert result.rows().column("n_same").to_pylist() == [1.0, 1.0, 1.0, 2.0, 2.0, 1.0]


def test_a_selector_may_look_at_all_rows_and_their_vectors(source, traces, tmp_path):
    with apply([Measure(), Nearest()], source, tmp_path / "out") as result:
        assert reasonings(result) == ["Wait, no.\n\nIt is 3."]
        assert result.reports[1].reasons == {"not the largest": 5}
        assert result.why(traces[3].id) == [
            Fate(2, "nearest", traces[3].id, "dropped", None, None, "19.0", "not the largest", traces[1].id, ())
        ]


def test_vectors_are_asked_for_before_they_are_needed(source, tmp_path):
    with pytest.raises(UserError, match=r"Step 1 \(nearest\) needs vectors: add the annotator 'embed' before it"):
        apply([Nearest()], source, tmp_path / "out")


def test_decisions_by_hand_hold_for_what_a_mapper_makes(tmp_path, traces, write_traces):
    known = tmp_path / "known"
    known.mkdir()
    row = {"id": traces[3].id, "decision": "drop", "human_correct": True, "noted": True}
    write_part(pa.Table.from_pylist([row]), known / "labels.parquet")
    source = Parts(write_traces(tmp_path / "in", traces), known)
    drop = KeepWhere(score="decision", values=["keep"], unknown="keep")
    with apply([KeepWhere(score="human_correct", equals=True), Shout()], source, tmp_path / "one") as result:
        (made,) = result.rows().to_pylist()
        assert (made["decision"], made["human_correct"], made["noted"]) == ("drop", None, True)
    with apply([Shout(), drop], source, tmp_path / "two") as result:
        assert result.reports[1].reasons == {"decision is not keep": 1}
    with pytest.raises(
        UserError, match="reads 'human_correct', which was measured before a mapper changed the traces"
    ):
        apply([Shout(), KeepWhere(score="human_correct", equals=True)], source, tmp_path / "three")
