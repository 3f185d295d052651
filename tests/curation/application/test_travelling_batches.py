"""Batches of traces: what is handed to other processes, and the traces made of it there."""

import pickle
from dataclasses import replace

import duckdb
import pyarrow as pa

from curation.application.batches import Columns, Made, Segmented, annotate_batch, attached_schema
from curation.operators.segment import SegmentReasoning
from curation.table import from_table, read_batches, segment_column, segments_of, to_table
from curation.trace import Problem, Segment, Trace

SPLIT = (Segment(0, 4, "plan"), Segment(4, 8, "check"))
PLAIN = Trace(Problem("1 + 1?", "2", media=("a.png",)), "Two. Is it?", "2", closed=True, line=3, extra='{"a": 1}')
PARTED = Trace(
    Problem("2 + 2?", subject="sums"), "Add.Yes.", "4", "bob", sample=1, given_correct=False, segments=SPLIT
)


def columns(*traces):
    return Columns(to_table(traces).to_batches()[0])


def known(*rows):
    ids, listed = zip(*rows, strict=True)
    return pa.table([ids, segment_column(listed)], schema=attached_schema("segments"))


def test_traces_are_the_same_after_they_were_arrow():
    assert from_table(to_table([PLAIN, PARTED])) == [PLAIN, PARTED]
    assert from_table(to_table([PLAIN, PARTED, PLAIN]).slice(1)) == [PARTED, PLAIN]
    assert from_table(to_table([])) == []


def test_unknown_segments_are_null_and_none_are_an_empty_list():
    column = segment_column([SPLIT, None, (), SPLIT[:1]])
    split = [{"start": 0, "stop": 4, "kind": "plan"}, {"start": 4, "stop": 8, "kind": "check"}]
    assert column.to_pylist() == [split, None, [], split[:1]]
    assert segments_of(column) == [SPLIT, (), (), SPLIT[:1]]
    assert segments_of(column.slice(1)) == [(), (), SPLIT[:1]]


def test_a_batch_gives_the_same_traces_in_another_process():
    for batch in (columns(PLAIN, PARTED), Made([PLAIN, PARTED])):
        assert pickle.loads(pickle.dumps(batch)).traces() == [PLAIN, PARTED]
        assert batch.ids() == [PLAIN.id, PARTED.id]


def test_a_batch_is_the_table_of_its_traces_whoever_wrote_the_rows(tmp_path):
    whole = to_table([PLAIN, PARTED])
    by_duckdb = tmp_path / "part.parquet"  # as a store stages traces: no segments, texts of another type
    none = "NULL::STRUCT(start INTEGER, stop INTEGER, kind VARCHAR)[] AS segments"
    duckdb.sql(f"COPY (SELECT * REPLACE ({none}) FROM whole) TO '{by_duckdb}' (FORMAT parquet)")
    (rows,) = read_batches([by_duckdb])
    other = replace(PARTED, segments=())
    for batch, expected in ((columns(PLAIN, PARTED), whole), (Made([PLAIN, PARTED]), whole)):
        assert batch.table() == expected
    assert Columns(rows).table() == to_table([PLAIN, other])
    media = pa.nulls(2, pa.list_(pa.string()))
    unknown = rows.set_column(rows.schema.get_field_index("media"), "media", media)
    assert Columns(unknown.slice(1)).table() == to_table([other])
    assert Segmented(Columns(rows), known((PARTED.id, SPLIT))).table() == whole


def test_known_segments_replace_those_of_the_batch_and_others_stay():
    batch = Segmented(columns(PARTED, PLAIN), known((PLAIN.id, (Segment(0, 11, "attempt"),)), ("other", SPLIT)))
    first, second = pickle.loads(pickle.dumps(batch)).traces()
    assert (first, second.segments) == (PARTED, (Segment(0, 11, "attempt"),))
    none = Segmented(columns(PARTED), known((PARTED.id, None)))
    assert [trace.segments for trace in none.traces()] == [()]


def test_an_annotated_batch_has_a_row_for_each_trace():
    (row,) = annotate_batch(SegmentReasoning(), [Trace(Problem("1?"), "So 1.")]).to_pylist()
    assert row["segments"] == [{"start": 0, "stop": 5, "kind": "answer"}]
    assert (row["n_segments"], row["attempt_share"], row["failure"]) == (1.0, 0.0, None)
