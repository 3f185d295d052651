import numpy as np
import pyarrow as pa
import pytest

from curation.application.batches import VECTOR
from curation.errors import UserError
from curation.operators.select_k import SelectK
from curation.spec import build


def judged(step: SelectK, vectors: list, **columns: list) -> list[dict]:
    ids = [chr(ord("a") + place) for place in range(len(vectors))]
    return step.judge(pa.table({"id": ids, **columns, "vector": pa.array(vectors, VECTOR)})).to_pylist()


def kept(step: SelectK, vectors: list, **columns: list) -> list[str]:
    return [row["id"] for row in judged(step, vectors, **columns) if row["keep"]]


def clustered() -> list[list[float]]:
    """Three clusters of ten near-duplicates each."""
    chance = np.random.default_rng(5)
    return [(np.eye(4)[n // 10] + chance.normal(0, 0.01, 4)).tolist() for n in range(30)]


def test_one_of_each_cluster_is_kept():
    found = [ord(name) - ord("a") for name in kept(SelectK(k=3), clustered())]
    assert sorted(place // 10 for place in found) == [0, 1, 2]


def test_a_dropped_row_names_the_kept_one_and_the_distance_from_it():
    threshold = pytest.approx(1 - 1 / 2**0.5)
    assert judged(SelectK(k=2), [[1, 0], [1, 1], [2, 2], [0, 1]]) == [
        {"id": "a", "keep": True, "value": threshold, "reason": None, "threshold": threshold, "other": None},
        {"id": "b", "keep": True, "value": 1.0, "reason": None, "threshold": threshold, "other": None},
        {
            "id": "c", "keep": False, "value": pytest.approx(0, abs=1e-6), "reason": "near a row that is kept",
            "threshold": threshold, "other": "b",
        },
        {
            "id": "d", "keep": False, "value": threshold, "reason": "near a row that is kept",
            "threshold": threshold, "other": "b",
        },
    ]  # fmt: skip


def test_relevance_is_weighed_against_likeness():
    vectors, ppl = [[1, 0], [1, 0.01], [0, 1]], [9.0, 8.0, 1.0]
    assert kept(SelectK(k=2, by="mmr", score="ppl", diversity=0), vectors, ppl=ppl) == ["a", "b"]
    assert kept(SelectK(k=2, by="mmr", score="ppl", diversity=0.9), vectors, ppl=ppl) == ["a", "c"]


def test_groups_take_turns_and_give_their_most_different_rows():
    topics = ["x"] * 10 + ["y"] * 19 + ["z"]
    found = judged(SelectK(k=7, by="quota", group="topic"), clustered(), topic=topics)
    assert [sum(row["keep"] for row in found[low:high]) for low, high in ((0, 10), (10, 29), (29, 30))] == [3, 3, 1]
    assert {row["threshold"] for row in found[:10]} == {3.0}
    assert {row["reason"] for row in found if not row["keep"]} == {"enough of its topic"}
    both = {place // 10 for place, row in enumerate(found[:29]) if row["keep"] and place >= 10}
    assert both == {1, 2}


def test_a_row_without_vector_or_score_is_unknown():
    found = judged(SelectK(k=5, by="mmr", score="ppl"), [[1, 0], None, [0, 1]], ppl=[1.0, 1.0, float("nan")])
    assert [(row["id"], row["keep"], row["reason"]) for row in found] == [
        ("a", True, None),
        ("b", False, "vector is unknown"),
        ("c", False, "ppl is unknown"),
    ]


def test_more_rows_than_there_are_keeps_all():
    assert kept(SelectK(k=9), [[1, 0], [1, 0], [0, 0]]) == ["a", "b", "c"]
    assert kept(SelectK(k=9), [None]) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"by": "mmr"}, "mmr and a score belong together"),
        ({"score": "n_chars"}, "mmr and a score belong together"),
        ({"by": "quota"}, "quota and a group belong together"),
    ],
)
def test_a_score_is_for_mmr_and_a_group_for_quota(values, message):
    with pytest.raises(UserError, match=message):
        build(SelectK, values)
