from curation.answers import first_correct
from curation.trace import Problem, Segment, Trace


def test_the_reference_counts_as_a_result_outside_the_restated_question():
    text = "He has 9 and 4. 9 + 4 = 13, so 13."
    trace = Trace(Problem("9 + 4?", "13"), text, segments=(Segment(0, 16, "restate"), Segment(16, 34, "attempt")))
    assert first_correct(trace) == text.index("13") + 2
    known = Trace(Problem("9 + 4?", "9"), text, segments=trace.segments)
    assert first_correct(known) == 17


def test_without_segments_the_whole_reasoning_is_searched():
    assert first_correct(Trace(Problem("q", "9"), "9 it is")) == 1


def test_unknown_without_a_reference_or_a_mention():
    assert first_correct(Trace(Problem("q"), "9")) is None
    assert first_correct(Trace(Problem("q", "7"), "9")) is None
