"""Where tokens and roles sit, on a literal world."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from curation.application.batches import annotate_batch
from curation.errors import UserError
from curation.operators.segment import SegmentReasoning
from curation.query.filters import Filter
from curation.store import Store
from curation.table import write_part
from curation.trace import Problem, Trace


@pytest.fixture
def store(store_of: Callable[[list[Trace]], Store]) -> Store:
    """Four traces of 100, 200, 300 and 400 characters."""
    return store_of([Trace(Problem(f"{n}?"), "x" * 100 * n, "") for n in (3, 1, 4, 2)])


def mark(store: Store, folder: Path, spans: list[tuple[int, int, str]]) -> None:
    """The same segments for every trace."""
    segments = [{"start": start, "stop": stop, "kind": kind} for start, stop, kind in spans]
    rows = [{"id": value, "segments": segments} for value in store.ids(Filter())]
    schema = annotate_batch(SegmentReasoning(), []).schema
    write_part(pa.Table.from_pylist(rows, schema=schema), folder / "segments.parquet")
    store.take_annotation("", SegmentReasoning(), [folder / "segments.parquet"])


def test_the_longest_traces_hold_this_much(store):
    rows = store.concentration("n_chars", Filter()).to_pylist()
    assert rows == [
        {"traces": 0.25, "held": 0.4, "shortest": 400},
        {"traces": 0.5, "held": 0.7, "shortest": 300},
        {"traces": 0.75, "held": 0.9, "shortest": 200},
        {"traces": 1.0, "held": 1.0, "shortest": 100},
    ]
    assert store.concentration("n_chars", Filter(ranges={"n_chars": (900, None)})).to_pylist() == []
    with pytest.raises(UserError, match="Unknown number 'model'"):
        store.concentration("model", Filter())


def test_roles_are_unknown_before_anything_is_segmented(store):
    assert store.roles(Filter()) is None


def test_roles_share_out_each_slice_of_the_traces(store, tmp_path):
    mark(store, tmp_path, [(0, 50, "plan"), (50, 52, "check"), (52, 100, "attempt")])
    shares = {(row["slice"], row["kind"]): row["share"] for row in store.roles(Filter()).to_pylist()}
    assert [shares[place, "plan"] for place in range(10)] == [1.0] * 10
    assert (shares[10, "check"], shares[10, "attempt"]) == (pytest.approx(0.4), pytest.approx(0.6))
    assert [shares[place, "attempt"] for place in range(11, 20)] == [1.0] * 9
    assert store.roles(Filter(text="nothing of the kind")).to_pylist() == []


def test_points_say_which_are_marked(store):
    long = Filter(ranges={"n_chars": (300, None)})
    rows = store.points("n_chars", "sample", "model", Filter(), marked=long).to_pylist()
    assert sorted((row["x"], row["inside"]) for row in rows) == [(100, False), (200, False), (300, True), (400, True)]
