from fractions import Fraction

import pytest

from curation.verifying.algebra import Expression, Unreadable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("-2^2", -4),
        ("2^3^2", 512),
        (r"\frac{1}{3} + \frac16", Fraction(1, 2)),
        ("1/2^{99}", Fraction(1, 2**99)),
        (r"3\frac{1}{2}", Fraction(7, 2)),
        ("2(3+4)", 14),
        ("1,000 - .5", Fraction(1999, 2)),
        ("4!", 24),
        ("2xy", 2 * 5 * 7),
        ("x_1 + x_{2}", 24),
    ],
)
def test_rational_expressions_are_exact(text, value):
    known = {"x": Fraction(5), "y": Fraction(7), "x_1": Fraction(11), "x_2": Fraction(13)}
    assert Expression(text).value(known) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [(r"\sqrt{2}", 2**0.5), (r"\pi/2", 1.5707963267948966), (r"\sin \pi", 0), ("2e", 5.43656365691809), ("i^2", -1)],
)
def test_others_are_floats(text, value):
    assert complex(Expression(text).value({})) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "three", "2 3", "(1", "1)", "204_5", "9^{9^{9}}", "1/0", "1000!", "0^{-1}", "x" * 501,
     "(" * 100 + "1" + ")" * 100, "1 + ?", r"\foo"],
)  # fmt: skip
def test_the_rest_is_unreadable(text):
    with pytest.raises(Unreadable):
        Expression(text).value({})
