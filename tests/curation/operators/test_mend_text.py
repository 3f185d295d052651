from curation.operators.mend_text import MendText
from curation.trace import Problem, Trace


def test_stray_tags_go_and_their_words_stay():
    trace = Trace(Problem("1?", "1", "d"), "<think>\nOne.\n</think>\nAgain one.", "</think> 1", "ada")
    (child,) = MendText().map(trace)
    assert (child.reasoning, child.answer) == ("One.\nAgain one.", "1")
    assert (child.parent_id, child.model, child.problem) == (trace.id, "ada", trace.problem)


def test_white_space_after_the_question_goes_and_the_problem_stays_the_same():
    trace = Trace(Problem("1? \n"), "One.", "1")
    (child,) = MendText().map(trace)
    assert (child.question, child.problem.id, child.parent_id) == ("1?", trace.problem.id, trace.id)


def test_a_trace_without_them_is_the_trace_itself():
    trace = Trace(Problem("1?"), "One < two.", "1")
    assert MendText().map(trace) == [trace]
