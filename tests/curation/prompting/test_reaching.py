import pytest

from curation.models import Completion
from curation.prompting.bisect import Stuck
from curation.prompting.reaching import Part, Reach, begin, came, is_enough, is_right, part_of, unasked
from curation.trace import Problem, Segment, Trace
from tests.curation.operators.scripted_asker import asker_of

TRACE = Trace(Problem("2 + 3?", "5"), "Add. 5.", segments=(Segment(0, 5, "plan"), Segment(5, 7, "attempt")))


def said(text, reason="stop"):
    return Completion(text, (1,), reason)


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        (said("so \\boxed{5}"), True),
        (said("5.0"), True),
        (said("6, not 5, no: 6"), False),
        (said(""), False),
        (said("then 5", "length"), False),
        (said("The answer is 5 and", "length"), True),
    ],
)
def test_an_answer_is_right_where_it_states_the_reference(completion, right):
    assert is_right(completion, TRACE) is right


@pytest.mark.parametrize(("text", "enough"), [('{"enough": true}', True), ('{"enough": "yes"}', None), ("yes", None)])
def test_a_judges_verdict_is_read_or_unknown(text, enough):
    assert is_enough(said(text), TRACE) is enough


def test_answers_that_failed_are_left_out():
    failed = Completion("", (), "failed", cause="timeout", failure="no answer in 60 s")
    withheld = Completion("", (), "filtered")
    assert came([failed, said("5"), withheld]) == [said("5")]
    assert came([failed, withheld]) == Stuck("timeout: no answer in 60 s")
    assert came([withheld]) == Stuck("filtered: the server withheld the answer")


def test_a_thought_is_closed_for_an_answer_and_left_open_to_go_on():
    assert begin("Add. ", closed=True) == "<think>\nAdd.\n</think>\n"
    assert begin("Add.\n\nThen ", closed=False) == "<think>\nAdd.\n\nThen"


def test_what_cannot_be_asked_says_why():
    assert unasked(TRACE) is None
    assert unasked(Trace(Problem("q", "5"), "text")) == "the trace has no segments"
    assert unasked(Trace(Problem("q", " "), "text", segments=TRACE.segments[:1])).startswith(
        "the problem has no reference"
    )


def test_a_part_is_some_segments_as_they_stand():
    assert part_of(TRACE, (0,)) == Part(TRACE, "Add. ")
    assert part_of(TRACE, (0, 1)).text == TRACE.reasoning


def test_votes_are_seeds_and_their_share_decides():
    reach = Reach("m", "{question} {reasoning}", 10, n=4, temperature=0.5, share=0.5)
    asker = asker_of(lambda request: "5" if request.seed < 2 else "6")
    assert reach.judge(asker, [Part(TRACE, "x")]) == [True]
    assert Reach("m", "{question} {reasoning}", 10, n=4, share=0.75).judge(asker, [Part(TRACE, "x")]) == [False]
    assert Reach("m", "{question} {reasoning}", 10, share=0.0).judge(asker_of(["6"]), [Part(TRACE, "x")]) == [False]
