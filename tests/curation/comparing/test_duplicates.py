import numpy as np
import pytest

from curation.comparing.duplicates import Sets, cosine_twins, jaccard_twins, shingles


def sets_of(*members: list[int]) -> Sets:
    offsets = np.cumsum([0, *map(len, members)])
    return Sets(np.concatenate([np.array(sorted(one), np.uint32) for one in members]), offsets)


def told(twins) -> list[tuple[int, int, float | None]]:
    similarity = [None if value != value else pytest.approx(value, abs=1e-6) for value in twins.similarity.tolist()]
    return list(zip(twins.cluster.tolist(), twins.nearest.tolist(), similarity, strict=True))


def test_case_and_punctuation_do_not_matter_and_a_word_does():
    one, other = shingles("So, 3 apples; and NO more!", 3), shingles("so 3 apples and no more", 3)
    assert one.tolist() == other.tolist()
    assert one.dtype == np.uint32
    assert len(one) == 4
    assert len(np.intersect1d(one, shingles("so 3 pears and no more", 3))) == 1


def test_one_character_outside_ascii_changes_only_its_own_runs():
    plain, curly = (
        shingles("the farmer's 12.5 eggs are 3 a day", 3),
        shingles("the farmer\u2019s 12.5 eggs are 3 a day", 3),
    )
    assert plain.tolist() == curly.tolist()


def test_chinese_is_compared_by_characters():
    assert len(shingles("求方程的解", 3)) == 3


def test_a_short_text_is_one_run_and_an_empty_one_none():
    assert (len(shingles("two words", 5)), len(shingles(" . ", 5))) == (1, 0)


def test_sets_above_the_threshold_are_twins_of_the_nearest_before():
    base = list(range(1000, 1100))
    sets = sets_of(base, [*base[:90], *range(10)], list(range(5000, 5100)), [*base[:95], *range(5)], [], [])
    assert told(jaccard_twins(sets, np.zeros(6, np.int64), 0.7)) == [
        (0, -1, None),
        (0, 0, 90 / 110),
        (-1, -1, None),
        (0, 0, 95 / 105),
        (-1, -1, None),
        (-1, -1, None),
    ]


def test_twins_of_other_groups_are_none():
    base = list(range(100))
    found = jaccard_twins(sets_of(base, base, base), np.array([7, 8, 7]), 0.7)
    assert told(found) == [(0, -1, None), (-1, -1, None), (0, 0, 1.0)]


def test_a_thousand_equal_sets_are_one_cluster():
    found = jaccard_twins(sets_of(*[list(range(50))] * 1000), np.zeros(1000, np.int64), 0.7)
    assert set(found.cluster.tolist()) == {0}
    assert found.nearest.tolist() == [-1] + [0] * 999


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_every_pair_of_random_sets_above_the_threshold_is_found(threshold):
    chance = np.random.default_rng(3)
    members = []
    for family in range(60):
        base = chance.choice(2**31, 200, replace=False)
        for changed in (0, int(200 * (1 - threshold) / (1 + threshold)) - 1):
            members.append([*base[changed:].tolist(), *range(10**6 * family, 10**6 * family + changed)])
    found = jaccard_twins(sets_of(*members), np.zeros(120, np.int64), threshold)
    assert found.nearest.tolist() == [value for row in range(0, 120, 2) for value in (-1, row)]


def test_vectors_are_twins_by_their_angle_whatever_their_length():
    vectors = np.array([[1, 0], [0, 3], [5, 1], [0, 0], [10, 0]], np.float32)
    assert told(cosine_twins(vectors, np.zeros(5, np.int64), 0.95)) == [
        (0, -1, None),
        (-1, -1, None),
        (0, 0, 5 / 26**0.5),
        (-1, -1, None),
        (0, 0, 1.0),
    ]


def test_vectors_are_compared_within_their_group_only():
    vectors = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
    assert told(cosine_twins(vectors, np.array([2, 1, 2]), 0.9)) == [(0, -1, None), (-1, -1, None), (0, 0, 1.0)]


def test_no_rows_have_no_twins():
    empty = np.zeros(0, np.int64)
    assert told(jaccard_twins(sets_of([]), np.zeros(1, np.int64), 0.7)) == [(-1, -1, None)]
    assert told(cosine_twins(np.zeros((0, 2), np.float32), empty, 0.7)) == []
