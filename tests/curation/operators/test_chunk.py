import json

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.operators.chunk import Chunk
from curation.trace import Problem, Segment, Trace

PARTS = [("attempt", text) for text in ("a ", "b ", "c ", "d ", "e")]


def test_every_chunk_is_learned_behind_the_ones_before_it(make_trace):
    trace = make_trace(parts=PARTS, answer="5", extra='{"source":"x"}')
    children = Chunk(n_chunks=3).map(trace)
    assert [(child.reasoning, child.answer, child.sample) for child in children] == [
        ("a ", "", 0),
        ("a b c ", "", 1),
        ("a b c d e", "5", 2),
    ]
    assert [json.loads(child.extra) for child in children] == [
        {"source": "x", "chunk": {"index": 0, "n_chunks": 3, "start": 0}},
        {"source": "x", "chunk": {"index": 1, "n_chunks": 3, "start": 2}},
        {"source": "x", "chunk": {"index": 2, "n_chunks": 3, "start": 6}},
    ]
    assert {child.parent_id for child in children} == {trace.id}


def test_too_few_segments_make_fewer_chunks(make_trace):
    trace = make_trace(parts=PARTS)
    assert len(Chunk(n_chunks=20).map(trace)) == 5
    assert len(Chunk(n_chunks=3, min_sentences=2).map(trace)) == 2
    assert Chunk(n_chunks=3, min_sentences=4).map(trace) == [trace]
    assert Chunk().map(make_trace("no segments")) == [make_trace("no segments")]


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(2, 20), st.integers(1, 8))
def test_chunks_tile_the_segments_in_nearly_equal_parts(total, n_chunks, least):
    segments = tuple(Segment(place, place + 1, "attempt") for place in range(total))
    children = Chunk(n_chunks=n_chunks, min_sentences=least).map(Trace(Problem("q"), "x" * total, segments=segments))
    if len(children) == 1:
        return
    starts = [json.loads(child.extra)["chunk"]["start"] for child in children]
    sizes = [len(child.reasoning) - start for child, start in zip(children, starts, strict=True)]
    assert starts == [sum(sizes[:place]) for place in range(len(sizes))]
    assert sum(sizes) == total
    assert len(children) == min(n_chunks, total // least)
    assert min(sizes) >= least
    assert max(sizes) - min(sizes) <= 1


def test_sentences_are_grouped_where_there_are_no_segments():
    text = "One apple. Two pears! Is $3.5 a price? Yes.\nSo 4."
    step = Chunk(by="sentences", n_chunks=2, min_sentences=2)
    children = step.map(Trace(Problem("q"), text, "4"))
    assert [(child.reasoning, child.answer) for child in children] == [("One apple. Two pears! ", ""), (text, "4")]
    assert step.spans(Trace(Problem("q"), text)) == [(0, 22), (22, len(text))]
    assert (step.needs_segments, Chunk().needs_segments) == (False, True)


def test_a_chunk_keeps_its_part_of_a_segment(make_trace):
    trace = make_trace(parts=[("plan", "One. Two. "), ("answer", "Three.")])
    first, second = Chunk(by="sentences", n_chunks=2).map(trace)
    assert (first.reasoning, first.segments) == ("One. ", (Segment(0, 5, "plan"),))
    assert second.segments == trace.segments


def test_the_spans_of_a_trace_can_be_drawn_before_it_is_cut(make_trace):
    trace = make_trace(parts=PARTS)
    assert Chunk(n_chunks=3).spans(trace) == [(0, 2), (2, 6), (6, 9)]
    assert Chunk(n_chunks=3, min_sentences=4).spans(trace) == [(0, 9)]
    assert Chunk().spans(make_trace("no segments")) == []
    assert Chunk(by="sentences").spans(Trace(Problem("q"), "")) == []


@settings(deadline=None)
@given(st.text(alphabet="ab .!?\n$`", max_size=200), st.integers(2, 6))
def test_sentence_chunks_tile_any_text(text, n_chunks):
    spans = Chunk(by="sentences", n_chunks=n_chunks).spans(Trace(Problem("q"), text))
    assert "".join(text[start:stop] for start, stop in spans) == text
    assert len(spans) <= n_chunks
