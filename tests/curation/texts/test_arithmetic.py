import pytest

from curation.texts.arithmetic import differ, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/2^{2}", 0.25),
        (r"\frac{1}{\frac{1}{2}}", 2.0),
        (r"\sqrt{4}\cdot 3", 6.0),
        (r"-2*\pi", -6.283185307179586),
        ("2x", None),
        ("1/0", None),
        ("9^9^9", None),
        ("(-8)^{1/3}", None),
        ("__import__('os')", None),
        ("(" * 90, None),
        ("1" * 500, None),
    ],
)
def test_plain_arithmetic_has_a_value(text, expected):
    assert value(text) == expected


def test_only_two_known_values_can_differ():
    assert differ("1/2^{99}", "1/2^{98}")
    assert not differ("0.33333", "1/3")
    assert not differ("x", "1/3")
