from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.texts.solutions import (
    Deconstructed,
    Judged,
    Rules,
    by_reference,
    cut_out,
    label_counts,
    repeated,
    solutions,
    units,
    without,
)
from curation.trace import KINDS, Problem, Segment, Trace

RIGHT, WRONG, SHORT = Judged("correct"), Judged("incorrect"), Judged("incomplete")
UNITS = [(Segment(place * 10, place * 10 + 10, "attempt"),) for place in range(4)]


def trace_of(*parts):
    edges = [0, *accumulate(len(text) for _, text in parts)]
    segments = tuple(Segment(*edge, kind) for edge, (kind, _) in zip(pairwise(edges), parts, strict=True))
    return Trace(Problem("q", "5"), "".join(text for _, text in parts), segments=segments)


def gone(clusters, judged, **rules):
    return cut_out(Deconstructed(UNITS, clusters, dict(enumerate(judged))), Rules(**rules))


def test_each_segment_that_solves_or_looks_back_is_a_unit():
    trace = trace_of(*((kind, kind) for kind in KINDS))
    found = units(trace)
    assert [unit[0].kind for unit in found] == ["attempt", "check", "backtrack", "alternative"]
    assert solutions(found) == [0, 3]


def test_a_unit_repeats_an_earlier_one_of_its_approach():
    assert repeated([1, 2, 1, 1, 2]) == [2, 3, 4]


@pytest.mark.parametrize(
    ("clusters", "judged", "rules", "spans"),
    [
        ([1, 1, 2, 1], [RIGHT] * 4, {}, [(10, 20), (30, 40)]),
        ([1, 1, 2, 1], [RIGHT] * 4, {"max_drop": "1"}, [(30, 40)]),
        ([1, 1, 1, 1], [RIGHT] * 4, {"max_drop": "2"}, [(20, 30), (30, 40)]),
        ([1, 1, 2, 1], [WRONG, RIGHT, RIGHT, RIGHT], {}, [(30, 40)]),
        ([1, 1, 2, 1], [WRONG, RIGHT, RIGHT, RIGHT], {"protect_trunk": False}, [(10, 20), (30, 40)]),
        ([1, 2, 3, 4], [RIGHT, WRONG, SHORT, RIGHT], {"error_policy": "solutions"}, [(10, 20)]),
        ([1, 2, 3, 4], [RIGHT, Judged("incomplete", ((12, 14),)), SHORT, RIGHT], {"error_policy": "quotes"}, []),
        ([1, 2, 3, 4], [Judged("incorrect", ((2, 4),)), RIGHT, Judged("correct", ((22, 24),)), SHORT],
         {"error_policy": "quotes"}, [(2, 4), (22, 24)]),
        ([1, 2, 1, 4], [WRONG] * 4, {}, None),
        ([1, 2, 1, 4], [WRONG] * 4, {"error_policy": "quotes", "protect_trunk": False}, None),
        ([1, 2, 1, 4], [], {"protect_trunk": False}, [(20, 30)]),
    ],
)  # fmt: skip
def test_what_goes_follows_the_trunk_and_the_policy(clusters, judged, rules, spans):
    assert gone(clusters, judged, **rules) == spans


def test_the_reference_as_a_result_makes_a_solution_correct():
    trace = trace_of(("attempt", "2 + 3 = 6. "), ("check", "It is 5? "), ("attempt", "2 + 3 = 5."))
    assert by_reference(trace, units(trace)) == {0: SHORT, 2: RIGHT}


def test_labels_are_counted_and_unknown_ones_are_unknown():
    counted = label_counts({0: RIGHT, 2: Judged("incorrect", ((0, 1),)), 3: WRONG})
    assert counted == {
        "n_solutions": 3, "n_solutions_correct": 1, "n_solutions_incorrect": 2, "n_solutions_incomplete": 0,
        "n_errors": 1,
    }  # fmt: skip
    assert set(label_counts(None).values()) == {None}


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 54), st.integers(0, 54)).map(sorted), max_size=6),
)
def test_what_is_left_is_the_text_without_exactly_the_spans(lengths, spans):
    segments = [Segment(*edge, "attempt") for edge in pairwise([0, *accumulate(lengths)])]
    cut = {place for start, stop in spans for place in range(start, stop)}
    left = without(segments, [tuple(span) for span in spans])
    kept = [place for one in left for place in range(one.start, one.stop)]
    assert kept == [place for place in range(sum(lengths)) if place not in cut]
