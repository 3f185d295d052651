import pytest

from curation.answers import Verdict, compare, extract, first_correct
from curation.trace import Problem, Segment, Trace


def test_the_reference_counts_as_a_result_outside_the_restated_question():
    text = "He has 9 and 4. 9 + 4 = 13, so 13."
    trace = Trace(Problem("9 + 4?", "13"), text, segments=(Segment(0, 16, "restate"), Segment(16, 34, "attempt")))
    assert first_correct(trace) == text.index("13") + 2


@pytest.mark.parametrize(
    ("reference", "reasoning", "upto"),
    [
        ("6", "She buys 6 more, so 4 + 2 = 6. Done: 6.", "She buys 6 more, so 4 + 2 = 6"),
        ("9", "9 + 4 = 13, and 13 - 4 = 9.", "9 + 4 = 13, and 13 - 4 = 9"),
        ("56", r"So \(7 \times 8 = 56\), that is 56.", r"So \(7 \times 8 = 56"),
        ("12", r"x = 12 - 5, hence \boxed{12}", r"x = 12 - 5, hence \boxed{12"),
        ("30", "That makes 30.", "That makes 30"),
        ("30", "所以答案是 30。", "所以答案是 30"),
        ("30", "We have 30 here.", "We have 30 here"[:10]),
        ("B", "A farmer has B. So the answer is (B).", "A farmer has B. So the answer is (B"),
        ("Paris", "Paris or Rome? It is Paris.", "Paris or Rome? It is Paris"),
    ],
)
def test_a_mention_that_stands_as_a_result_goes_before_others(reference, reasoning, upto):
    assert first_correct(Trace(Problem("q", reference), reasoning)) == len(upto)


def test_a_plan_counts_only_where_it_computes():
    text = "I want to get 17. 12 + 5 = 17."
    trace = Trace(Problem("q", "17"), text, segments=(Segment(0, len(text), "plan"),))
    assert first_correct(trace) == len(text) - 1


def test_without_segments_the_whole_reasoning_is_searched():
    assert first_correct(Trace(Problem("q", "9"), "9 it is")) == 1


def test_unknown_without_a_reference_or_a_mention():
    assert first_correct(Trace(Problem("q"), "9")) is None
    assert first_correct(Trace(Problem("q", "7"), "9")) is None
    assert first_correct(Trace(Problem("q", "9"), "9 + 4 = 13")) is None
    assert first_correct(Trace(Problem("q", "B"), "B is not A.")) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cats purr. So the answer is yes.", "yes"),
        ("No, because nobody knows.", "No"),
        ("Albany is small.\nTrue", "True"),
        ("The answer is \\boxed{\\text{no}}", "no"),
        ("There is no way to tell.", None),
        ("Yesterday it rained.", None),
    ],
)
def test_yes_or_no_is_found_where_it_answers(text, found):
    assert extract(text, "yes_no") == found


def test_a_reference_of_yes_or_no_is_looked_for_as_such():
    assert extract("It did, so the answer is yes, as far as known.", reference="True") == "yes"
    assert compare("yes", "True") == Verdict(True, "exact")
    assert compare("No, never", "Yes") == Verdict(False, "exact")


def test_true_is_yes_and_false_is_no():
    assert compare("True", "yes", "yes_no") == Verdict(True, "exact")
    assert compare("No, never", "false", "yes_no") == Verdict(True, "exact")
    assert compare("perhaps", "no", "yes_no") == Verdict(False, "exact")


def test_a_bare_yes_of_a_cut_answer_is_no_conclusion():
    assert extract("Yes, it may be", "yes_no", bare=False) is None


@pytest.mark.parametrize(("text", "said"), [("Ye%s?", "Yes"), ("(no, never", "no"), ("**True** it is", "True")])
def test_a_word_behind_marks_is_read_as_it_is_compared(text, said):
    assert extract(text, "yes_no") == said
    assert compare(text, said, "yes_no").equal
