import pytest

from curation.errors import UserError
from curation.operators.split_groups import SplitGroups
from curation.spec import build
from tests.curation.operators.deciding import decided, dropped, kept

COLUMNS = "id, problem_id, profile"
ROWS = [(f"{n}-{k}", f"p{n}", f"user{n // 2}") for n in range(200) for k in range(2)]


def parts(**values) -> dict[str, set[str]]:
    return {
        part: set(kept(SplitGroups(part=part, **values), COLUMNS, *ROWS)) for part in ("train", "validation", "test")
    }


@pytest.mark.parametrize("seed", range(20))
def test_every_row_is_in_one_part_and_no_problem_in_two(seed):
    found = parts(test=0.2, validation=0.2, seed=seed)
    problems = {part: {name.split("-")[0] for name in names} for part, names in found.items()}
    assert sum(map(len, problems.values())) == 200
    assert sum(map(len, found.values())) == 400
    assert 80 < len(problems["train"]) < 160


def test_no_user_is_in_two_parts_when_users_stay_together():
    found = parts(test=0.3, group="profile")
    users = [{int(name.split("-")[0]) // 2 for name in names} for names in found.values()]
    assert sum(map(len, users)) == 100
    assert found["validation"] == set()


def test_more_rows_move_nothing():
    few = set(kept(SplitGroups(part="test"), COLUMNS, *ROWS[:100]))
    assert few == parts()["test"] & {name for name, *_ in ROWS[:100]}


def test_a_row_without_the_group_goes_by_its_problem():
    rows = [("a", "p", None), ("b", "p", None), ("c", "q", "user")]
    found = {row.id: row.value for row in decided(SplitGroups(group="profile"), COLUMNS, *rows)}
    assert found["a"] == found["b"] != found["c"]


def test_the_threshold_is_the_end_of_the_part_kept():
    found = decided(SplitGroups(test=0.2, validation=0.3), COLUMNS, *ROWS)
    assert {row.threshold for row in found if row.reason is None} == {1.0}
    assert {row.threshold for row in found if row.reason} == {0.5}
    assert all((row.value >= 0.5) == (row.reason is None) for row in found)
    reasons = dropped(SplitGroups(test=0.2, validation=0.3), COLUMNS, *ROWS)
    assert set(reasons.values()) == {"belongs to test", "belongs to validation"}


def test_shares_of_more_than_everything_are_refused():
    with pytest.raises(UserError, match=r"test 0.7 and validation 0.5 are more than all rows"):
        build(SplitGroups, {"test": 0.7, "validation": 0.5})
