import pytest

from curation.texts.claims import Claim, claims


@pytest.mark.parametrize(
    "text",
    [
        "6 + 18 = 24",
        "So 20 + 16 = **36**.",
        "She sells 10, so 19 - 10 = 9 beads are left",
        "1,000 * 3 = $3,000",
        r"$3 \times 4 = 12$",
        r"\frac{1}{2} + \frac{1}{2} = 1",
        r"\boxed{3 + 4} = 7",
        "2^{10} = 1024",
        "1/3 = 0.33",
        "100 / 3 = 33",
        "20% * 50 = 10",
        "1/4 * 100 = 25%",
        "- 20 + 16 = 36",
        "3. 20 + 16 = 36",
        "-3^2 = 9",
        "25 / 1/5 = 125",
        "2(4) + 3 = 11",
        "0.05 + 0.01 = 0.06 (6%)",
        "0.00023 / 3.516 * 100 = 0.007%",
        "3 x 4 = 12",
        "(so 2 + 3 = 5)",
        "3 + 4 = 7 (since she has 3)",
        "P = 24 = 20 + 4",
    ],
)
def test_sums_that_hold_in_some_reading_hold(text):
    assert [claim.holds for claim in claims(text)] == [True]


@pytest.mark.parametrize(
    "text",
    ["6 + 18 = 34", "Wait, 19 - 10 = 7.", "P = 2 * 3 = 7", "20 / 2 = 11", "100 * 0.75 = 0.75", "所以 2 + 3 = 6。"],
)
def test_sums_that_hold_in_no_reading_are_wrong(text):
    assert [claim.holds for claim in claims(text)] == [False]


@pytest.mark.parametrize(
    "text",
    [
        "x + 3 = 5",
        "2x + 3 = 9",
        "f(2) + 1 = 9",
        "a_1 + 2 = 9",
        "17 mod 5 + 1 = 4",
        "5 + 10 = 3 (mod 12)",
        "12 / 5 = 2 remainder 2",
        "2 + 3 = 5 - x",
        "Is 2 + 3 = 6?",
        "12:30 + 15 = 12:45",
        "5 m * 3 = 15",
        "behind door 2 = 1/3",
        "half of 3 + 4 = 3",
        "n >= 3 + 4",
        "2 + 3 != 6",
        "1/4 divided by 3 + 4 = 9",
        "there were 9 pencils - 45 = 3",
        "32x2 = 100",
        "2 + 4 = 3(x)",
        "x = 5",
        "a = b",
        "= 5",
        "",
    ],
)
def test_what_is_no_plain_sum_is_no_claim(text):
    assert claims(text) == []


def test_a_chain_makes_a_claim_for_each_equals_sign():
    assert claims("Total = 2 + 3 = 5 = 10 / 2") == [Claim("2 + 3 = 5", True), Claim("5 = 10 / 2", True)]
    assert claims("6 + 4 = 9 = 3 * 3") == [Claim("6 + 4 = 9", False), Claim("9 = 3 * 3", True)]


def test_calculator_marks_are_passed_over():
    assert claims("16 - 3 - 4 = $<<16-3-4=9>>9 a day") == [Claim("16 - 3 - 4 = 9", True)]
