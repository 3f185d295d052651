"""Traces, their identity, their segments, and their Arrow form."""

from dataclasses import FrozenInstanceError, replace

import pyarrow.parquet as pq
import pytest

from curation.table import from_table, parts, read_batches, to_table, write_part
from curation.trace import Problem, Segment, Trace, canonical_json, content_id, derive, keep_segments, tiles

PROBLEM = Problem("1 + 1?", "2", "sums", "train", "arithmetic", ("figure.png",))
TRACE = Trace(PROBLEM, "One. Two. Three.", "2", "ada", segments=(Segment(0, 5, "plan"), Segment(5, 10, "check")))


def test_the_same_content_has_the_same_id_and_any_other_another():
    assert Trace(PROBLEM, "a", "b").id == Trace(PROBLEM, "a", "b", source="x", line=3, extra='{"k":1}').id
    others = [
        Trace(Problem("2?"), "a", "b"),
        Trace(PROBLEM, "ab", ""),
        Trace(PROBLEM, "a", "c"),
        Trace(PROBLEM, "a", "b", model="m"),
        Trace(PROBLEM, "a", "b", sample=1),
        Trace(PROBLEM, "a", "b", parent_id="p"),
    ]
    assert len({trace.id for trace in [Trace(PROBLEM, "a", "b"), *others]}) == 7


def test_a_problem_is_its_question_and_media():
    assert Problem(" 1 + 1?\n", "2", "a").id == Problem("1 + 1?", None, "b").id
    assert Problem("1 + 1?").id != Problem("1 + 1?", media=("x.png",)).id


def test_ids_survive_texts_that_are_no_unicode():
    assert len(content_id("\ud800 lone surrogate")) == 32
    assert content_id("ab", "c") != content_id("a", "bc")


def test_equal_values_give_equal_json():
    assert canonical_json({"b": 1, "a": [1.5, None, "é"]}) == '{"a":[1.5,null,"é"],"b":1}'


def test_texts_that_say_the_same_share_a_key():
    assert Trace(PROBLEM, " a\n", "b ").text_key == Trace(PROBLEM, "a", "b", model="other").text_key


def test_a_trace_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'reasoning'"):
        TRACE.reasoning = "x"


def test_a_derived_trace_names_its_parent_and_has_an_id_of_its_own():
    child = derive(TRACE, reasoning="One.")
    assert child == replace(TRACE, reasoning="One.", parent_id=TRACE.id, segments=(), id=child.id)
    assert child.id not in ("", TRACE.id)


def test_kept_segments_stay_byte_for_byte_and_move_together():
    segments = (Segment(0, 5, "plan"), Segment(5, 10, "check"), Segment(10, 16, "answer"))
    child = keep_segments(replace(TRACE, segments=segments), [segments[0], segments[2]])
    assert child.reasoning == "One. Three."
    assert child.segments == (Segment(0, 5, "plan"), Segment(5, 11, "answer"))
    assert tiles(child.segments, child.reasoning)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 2), (2, 4)], True),
        ([(0, 2), (3, 4)], False),
        ([(0, 3), (2, 4)], False),
        ([(0, 2)], False),
        ([(0, 4), (4, 4)], False),
        ([], False),
    ],
)
def test_segments_tile_a_text_without_gap_overlap_or_emptiness(spans, expected):
    assert tiles([Segment(start, stop, "plan") for start, stop in spans], "text") is expected
    assert tiles([], "")


def test_traces_come_back_from_arrow_as_they_were():
    plain = Trace(Problem("why?"), "", closed=False, given_correct=True, parent_id="p", extra='{"a":1}')
    assert from_table(to_table([TRACE, plain])) == [TRACE, plain]
    assert from_table(to_table([])) == []


def test_parts_that_exist_are_complete_and_read_in_order(tmp_path):
    many = [Trace(Problem(f"{n}?"), "r") for n in range(1500)]
    write_part(to_table(many), tmp_path / "part-00001.parquet")
    write_part(to_table([TRACE]), tmp_path / "part-00000.parquet")
    (tmp_path / "part-00002.tmp").write_bytes(b"half")
    assert [path.name for path in parts(tmp_path)] == ["part-00000.parquet", "part-00001.parquet"]
    batches = list(read_batches(parts(tmp_path)))
    assert [batch.num_rows for batch in batches] == [1, 1000, 500]
    assert [trace for batch in batches for trace in from_table(batch)] == [TRACE, *many]
    assert pq.ParquetFile(tmp_path / "part-00001.parquet").num_row_groups == 2
