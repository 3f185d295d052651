from collections import Counter

import pytest

from curation.errors import UserError
from curation.operators.balance import Balance
from curation.spec import build
from tests.curation.operators.deciding import Row, decided, dropped, kept

COLUMNS = "id, kind, difficulty"
SIZES = {"algebra": 10, "geometry": 6, "logic": 2}
ROWS = [(f"{kind}-{n}", kind, n / 10) for kind, count in SIZES.items() for n in range(count)]


def counted(**values) -> dict[str, int]:
    return dict(Counter(name.split("-")[0] for name in kept(build(Balance, values), COLUMNS, *ROWS)))


def test_every_value_gives_as_many_as_the_rarest_has():
    assert counted(group="kind") == {"algebra": 2, "geometry": 2, "logic": 2}


def test_a_total_is_divided_evenly_and_the_rest_comes_from_those_who_have_it():
    assert counted(group="kind", total=6) == {"algebra": 2, "geometry": 2, "logic": 2}
    assert counted(group="kind", total=11) == {"algebra": 5, "geometry": 4, "logic": 2}
    assert counted(group="kind", total=100) == SIZES


def test_fewer_rows_with_the_same_mix_as_now():
    assert counted(group="kind", total=9, shares="same") == {"algebra": 5, "geometry": 3, "logic": 1}
    assert sum(counted(group="kind", total=7, shares="same").values()) == 7


def test_quotas_by_value():
    assert counted(group="kind", each=5) == {"algebra": 5, "geometry": 5, "logic": 2}
    assert counted(group="kind", quotas={"algebra": 1, "logic": 9}) == {"algebra": 1, "logic": 2}


def test_bins_of_a_number_hold_equally_many_rows():
    rows = [(f"{n}", "x", n / 10) for n in range(10)]
    step = Balance(group="difficulty", bins=5, quotas={"1": 2, "5": 1})
    found = kept(step, COLUMNS, *rows)
    assert found[:2] == ["0", "1"]
    assert len(found) == 3
    assert found[2] in ("8", "9")


def test_a_row_says_its_place_its_quota_and_why_it_goes():
    rows = [("a", "x", 1), ("b", "y", 1), ("c", "y", 1), ("d", None, 1)]
    found = decided(Balance(group="kind"), COLUMNS, *rows)
    assert found[0] == Row("a", 1, 1, None, None)
    assert sorted((row.value, row.reason) for row in found[1:3] if row.reason) == [(2, "enough of its kind")]
    assert found[3].reason == "kind is unknown"
    assert dropped(Balance(group="difficulty", bins=2), COLUMNS, ("a", "x", float("nan"))) == {
        "a": "difficulty is unknown"
    }


def test_the_seed_and_the_ids_alone_choose_the_rows():
    step = Balance(group="kind")
    assert kept(step, COLUMNS, *ROWS) == kept(step, COLUMNS, *reversed(ROWS))
    assert kept(step.model_copy(update={"seed": 3}), COLUMNS, *ROWS) != kept(step, COLUMNS, *ROWS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"total": 3, "each": 1}, "give one of total, each and quotas"),
        ({"shares": "same"}, "shares same keeps the mix there is now and needs a total"),
    ],
)
def test_two_ways_at_once_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        build(Balance, {"group": "kind", **values})


def test_real_problems_give_each_level_its_quota(shared_rows):
    systems = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    levels = [
        (f"{number}", "x", sum(row[system]["is_correct"] for system in systems))
        for number, row in enumerate(shared_rows("gsm8k_full/example_model_solutions.jsonl.gz"))
    ]
    assert Counter(level for *_, level in levels) == {0: 432, 1: 290, 2: 236, 3: 205, 4: 156}
    level = {name: value for name, _, value in levels}
    found = kept(Balance(group="difficulty", each=100), COLUMNS, *levels)
    assert Counter(level[name] for name in found) == {0: 100, 1: 100, 2: 100, 3: 100, 4: 100}
