import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.operators.verify_answer import VerifyAnswer
from curation.trace import Problem, Trace
from curation.verifying.second_verifier import same


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        ("1/2^{99}", "1/2^{98}"),
        ("3x-y+13=0", "3x+4y+14=0"),
        (r"1-1/\mathrm{e}", r"1+1/\mathrm{e}"),
        ("x^2", "x^3"),
        ("-3", "3"),
        ("1000000", "1000001"),
        ("99.9999", "100"),
        ("3.1", r"\pi"),
        ("0.33", "1/3"),
        ("|x|", "x"),
        ("(1,2)", "[1,2]"),
        ("1", "(6,31,-1)"),
        ("2", "(3,4]"),
        ("1, 2, 3", "1, 2"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1\\3\end{pmatrix}"),
        ("C", "B"),
        ("no", "yes"),
        ("London", "Paris"),
        ("Mia is a knight, Ed a knave", "Mia is a knave, Ed a liar"),
    ],
)
def test_other_answers_are_told_apart(found, reference):
    assert same(found, reference) is False
    assert same(reference, found) is False


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        (r"\frac12", "0.5"),
        (r"2\frac{1}{2}", "5/2"),
        ("1 1/2", "1.5"),
        ("-1 1/2", "-1.5"),
        ("$1,800.00", "1800"),
        ("18 dollars", "# 18"),
        (r"11\text{ cm}", "11 cm"),
        (r"90^\circ", "90"),
        ("50%", "0.5"),
        ("50%", "50"),
        ("66.67", "66.6667"),
        ("3.14", r"\pi"),
        (r"\frac{1}{29322216}", r"\dfrac{1}{29,\!322,\!216}"),
        ("6.02e23", r"6.02 \times 10^{23}"),
        (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt 2}"),
        (r"\sqrt[3]{-8}", "-2"),
        (r"\log_{2} 8", "3"),
        (r"\sin^2 x + \cos^2 x", "1"),
        ("5!", "120"),
        ("(x+1)^2", "x^2+2x+1"),
        ("y=3x+13", "3x - y + 13 = 0"),
        ("x = 5", "5"),
        ("f(x)=x^2", "x^2"),
        (r"x \in [1,2]", "[1, 2]"),
        (r"(-\infty, 2) \cup (3, \infty)", r"(3,\infty)\cup(-\infty,2)"),
        ("2 and 1", "1, 2"),
        (r"\{2,1\}", "1, 2"),
        (r"3\pm\sqrt2", r"3-\sqrt{2}, 3+\sqrt{2}"),
        (r"\frac{2}{\pi} \approx 0.6366", "0.6366197723675814"),
        (r"\begin{pmatrix}-1/3\\2/3\end{pmatrix}", r"\begin{pmatrix} -\frac{1}{3} \\ \frac{2}{3} \end{pmatrix}"),
        ("A) Isoniazid.", "isoniazid"),
        ("B) Caspase 9", "Caspase 9"),
        ("4" * 10, "Long. " * 200 + r"\boxed{4,444,444,444}"),
        ("Jack is a egoist", "Jack is an egoist."),
        (r"So $2 \cdot 9 = \boxed{18}$.", "18"),
    ],
)
def test_other_ways_to_write_an_answer_are_the_same(found, reference):
    assert same(found, reference) is True
    assert same(reference, found) is True


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        ("5 km", "5 m"),
        ("5 m", "5 kg"),
        ("204_5", "204"),
        ("2 3", "6"),
        ("9^{9^{9}}", "x"),
        ("1000!", "3"),
        ("1/0", "3"),
        ("x<3", "x>4"),
        ("2, 1", "(1, 2)"),
        ("Paris, France", "Paris"),
        ("slea", "sela"),
        ("((", "))"),
        ("(" * 300 + ")" * 300, "1"),
        ("x" * 600, "y"),
        ("", ""),
    ],
)
def test_what_cannot_be_decided_is_unknown(found, reference):
    assert same(found, reference) is None
    assert same(reference, found) is None


def test_the_letter_of_an_option_counts_where_a_letter_is_asked_for():
    assert same("B. Paris", "(B)") is True
    assert same("D", "(B)") is False
    assert same("18", "B") is None


def test_verify_answer_says_where_the_verifiers_disagree():
    def verify(reference, answer):
        scores = VerifyAnswer().annotate(Trace(Problem("q", reference), "", answer)).scores
        return scores["correct"], scores["correct_second"], scores["verifiers_agree"]

    assert verify("18", "#### 18") == (True, True, True)
    assert verify("66.6667", "#### 66.67") == (False, True, False)
    assert verify("3x+4y+14=0", r"\boxed{3x-y+13=0}") == (False, False, True)
    assert verify("Paris", "The answer is Paris, France") == (False, None, None)
    assert verify("18", "I do not know.") == (False, None, None)
    assert verify(None, "18") == (None, None, None)


PIECES = st.sampled_from([*"0123456789.,-+/%^{}()[]\\ =<>|!_xei", "\\frac", "\\sqrt", "e9", " and ", "\ud800", "{1}"])


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=20).map("".join), st.lists(PIECES, max_size=20).map("".join))
def test_no_text_breaks_it_and_an_answer_is_never_other_than_itself(left, right):
    assert same(left, right) in (True, False, None)
    assert same(left, left) is not False
