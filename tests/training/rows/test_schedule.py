import math

import pytest

from curation.errors import UserError
from training.rows.schedule import Mix, rates, sample, shots

FADE = Mix({"explicit": 1}, {"implicit": 1})
WINDOW = 50


def drawn(groups, mix, count, seed=0, exact=True):
    """The groups of `count` rows of one token each, in the order drawn."""
    order = sample(groups, [1] * len(groups), mix, count, seed, exact=exact)
    return [groups[row] for row in order]


def windows(found, name):
    return [found[start : start + WINDOW].count(name) for start in range(0, len(found), WINDOW)]


def test_four_stages_of_help_fall_evenly():
    assert rates(4) == [1, pytest.approx(2 / 3), pytest.approx(1 / 3), 0]
    assert [shots(3, 4, stage) for stage in range(4)] == [3, 2, 1, 0]


def test_whole_shots_are_exact_for_every_number_of_stages():
    for stages in range(2, 14):
        for most in range(13):
            found = [shots(most, stages, stage) for stage in range(stages)]
            exact = [math.floor(most * (stages - 1 - t) / (stages - 1) + 1e-9) for t in range(stages)]
            assert found == exact
            assert (found[0], found[-1]) == (most, 0)
    assert shots(5, 6, 4) == 1  # 5 * (1 - 4 / 5) is 0.9999999999999998


def test_a_single_stage_has_no_help():
    assert (rates(1), shots(3, 1, 0)) == ([0.0], 0)


def test_curves_go_from_all_to_none_fast_or_slowly_at_first():
    fast, even, slow = (rates(5, curve) for curve in ("exp", "linear", "inv_exp"))
    assert fast[0] == slow[0] == 1
    assert fast[-1] == slow[-1] == pytest.approx(0)
    assert fast[2] < even[2] < slow[2]
    assert fast[1] + slow[3] == pytest.approx(1)
    for curve in ("sigmoid", "power"):
        found = rates(5, curve)
        assert (found[0], found[-1]) == (1, 0)
        assert found == sorted(found, reverse=True)
    assert (rates(3, "sigmoid")[1], rates(3, "power")[1]) == (pytest.approx(0.5), 0.25)
    assert [shots(4, 5, stage, "exp") for stage in range(5)] == sorted(
        [shots(4, 5, stage, "exp") for stage in range(5)], reverse=True
    )


def test_an_exact_schedule_gives_every_window_its_share_to_the_row():
    count = 1000
    found = drawn(["explicit"] * 7 + ["implicit"] * 5, FADE, count)
    owed = taken = 0.0
    for start, hits in zip(range(0, count, WINDOW), windows(found, "explicit"), strict=True):
        owed += sum(1 - place / count for place in range(start, start + WINDOW))
        taken += hits
        assert abs(taken - owed) <= 0.5 + 1e-9  # the nearest whole row


def test_a_drawn_schedule_keeps_its_shares_within_three_sigma_and_is_the_same_by_seed():
    count = 1000
    found = drawn(["explicit", "implicit"], FADE, count, exact=False)
    for start, hits in zip(range(0, count, WINDOW), windows(found, "explicit"), strict=True):
        share = 1 - (start + WINDOW / 2) / count
        assert abs(hits - share * WINDOW) <= 3 * math.sqrt(WINDOW * share * (1 - share)) + 1
    assert found == drawn(["explicit", "implicit"], FADE, count, exact=False)
    assert found != drawn(["explicit", "implicit"], FADE, count, seed=1, exact=False)


def test_three_groups_hold_their_shares_to_less_than_a_row():
    mix = Mix({"a": 5, "b": 3, "c": 2}, {"a": 5, "b": 3, "c": 2})
    found = drawn(["a", "b", "c"], mix, 100)
    for stop in range(1, 101):
        for name, share in (("a", 0.5), ("b", 0.3), ("c", 0.2)):
            assert abs(found[:stop].count(name) - share * stop) < 1
    assert (found.count("a"), found.count("b"), found.count("c")) == (50, 30, 20)


def test_two_phases_take_distilled_rows_first_and_half_gold_after():
    mix = Mix({"distilled": 1}, {"distilled": 1, "gold": 1})
    groups = ["distilled"] * 3 + ["gold"] * 3
    first, second = (drawn(groups, mix.stage(number, 2, "between_stages"), 40) for number in (0, 1))
    assert (first.count("gold"), second.count("gold")) == (0, 20)


def test_within_stages_the_mix_goes_on_where_the_stage_before_left_it():
    halves = [FADE.stage(number, 2, "within_stages") for number in (0, 1)]
    assert [half.shares(0)["explicit"] for half in halves] == [1.0, 0.5]
    assert [half.shares(1)["explicit"] for half in halves] == [0.5, 0.0]


def test_every_row_of_a_group_is_drawn_before_one_comes_again():
    order = sample(["a"] * 4, [1] * 4, Mix({"a": 1}, {"a": 1}), 8, 3)
    assert sorted(order[:4]) == sorted(order[4:]) == [0, 1, 2, 3]


def test_a_budget_of_tokens_ends_the_drawing():
    assert len(sample(["a"] * 4, [10, 10, 10, 10], Mix({"a": 1}, {"a": 1}), 95, 0)) == 10


def test_a_group_no_row_belongs_to_is_named():
    with pytest.raises(UserError, match=r"The mix gives 'gold' a weight, .* groups: distilled\."):
        sample(["distilled"], [1], Mix({"distilled": 1}, {"gold": 1}), 5, 0)
