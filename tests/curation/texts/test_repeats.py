from curation.operators.segment import SegmentReasoning
from curation.texts.repeats import twins
from curation.trace import Problem, Trace


def repeats(*texts):
    trace = Trace(Problem("How many?"), "\n\n".join(texts))
    trace = Trace(trace.problem, trace.reasoning, segments=SegmentReasoning().segments(trace))
    assert len(trace.segments) == len(texts)
    return twins(trace)


def test_a_segment_said_again_points_to_the_first_that_said_it():
    assert repeats("The cat sat here.", "A dog ran by us.", "the cat sat  here!", "The cat sat here") == {2: 0, 3: 0}


def test_a_short_remark_said_twice_is_no_repeat():
    assert repeats("Hmm, okay.", "Let us add.", "Hmm, okay.") == {}


def test_nearly_the_same_words_are_a_repeat():
    first = "So the wolf stays on the left bank while the farmer takes the goat across"
    assert repeats(first, "Something else.", f"{first} again.") == {2: 0}


def test_a_part_of_an_earlier_segment_is_a_repeat_of_it():
    part = "the farmer takes the goat across and comes back alone to fetch the cabbage"
    assert repeats(f"First, {part}; then he takes the wolf and all is well.", f"So {part}.") == {1: 0}


def test_the_same_words_about_other_numbers_are_new():
    case = "Suppose that the first house is number {} and the second house stands right beside it to the left"
    assert repeats(case.format(3), case.format(4)) == {}


def test_a_plus_is_not_a_minus():
    assert repeats("9 + 3 + 1", "9 - 3 - 1") == {}


def test_the_repeat_of_a_repeat_points_to_the_first():
    first = "So the wolf stays on the left bank while the farmer takes the goat across"
    assert repeats(first, f"{first} again", f"{first} again") == {1: 0, 2: 0}


def test_chinese_is_compared_by_characters():
    assert repeats("每天下十六颗蛋，早上吃三颗蛋", "我们再想想这个问题", "每天下十六颗蛋 早上吃三颗蛋。") == {2: 0}


def test_a_trace_without_segments_repeats_nothing():
    assert twins(Trace(Problem("Why?"), "Because. Because.")) == {}


def test_an_endless_loop_points_to_its_first_turn():
    found = repeats(*["I think that the answer must be 5 or maybe 6."] * 2000)
    assert found == dict.fromkeys(range(1, 2000), 0)
