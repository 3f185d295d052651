import numpy as np
import pyarrow as pa
import pytest

from curation.application.batches import VECTOR
from curation.errors import UserError
from curation.operators.map_embeddings import MapEmbeddings


def mapped(vectors, **fields):
    ids = [f"t{number}" for number in range(len(vectors))]
    found = MapEmbeddings(**fields).conclude(pa.table({"id": ids, "vector": pa.array(vectors, VECTOR)}))
    assert found.column("id").to_pylist() == ids
    return list(zip(found.column("map_x").to_pylist(), found.column("map_y").to_pylist(), strict=True))


def rounded(plane):
    return [None if x is None else (round(x, 3), round(y, 3)) for x, y in plane]


def test_pca_takes_the_two_widest_directions_in_turn():
    plane = mapped([[0, 4, 0], [0, -4, 0], [1, 0, 0], [-1, 0, 0]])
    assert rounded(plane) == [(4, 0), (-4, 0), (0, 1), (0, -1)]


def test_a_row_without_a_vector_has_no_place_and_moves_no_other():
    vectors = [[0, 4], [0, -4], [1, 0], [-1, 0]]
    plane = mapped([*vectors, None])
    assert plane[:4] == mapped(vectors)
    assert plane[4] == (None, None)


def test_nothing_to_map_is_no_error():
    assert mapped([]) == []
    assert mapped([None]) == [(None, None)]
    assert mapped([[1, 2, 3]]) == [(0, 0)]
    assert rounded(mapped([[1], [3]])) == [(-1, 0), (1, 0)]


def test_rows_in_chunks_are_mapped_alike():
    vectors = np.random.default_rng(0).standard_normal((20, 8)).tolist()
    whole = pa.table({"id": [str(n) for n in range(20)], "vector": pa.array(vectors, VECTOR)})
    parts = pa.concat_tables([whole.slice(0, 7), whole.slice(7)])
    assert MapEmbeddings().conclude(whole) == MapEmbeddings().conclude(parts)


def test_vectors_of_two_encoders_are_refused():
    with pytest.raises(UserError, match=r"different lengths \(2, 3\); embed with one encoder"):
        mapped([[1, 2], [1, 2, 3]])


def test_umap_says_how_many_rows_it_needs():
    with pytest.raises(UserError, match="UMAP with 15 neighbours needs at least 17 traces with a vector, found 2"):
        mapped([[1, 2], [3, 4]], method="umap")


@pytest.mark.slow
def test_umap_keeps_groups_together_the_same_each_time():
    random = np.random.default_rng(0)
    groups = [*(random.normal([9, 0, 0], 0.1, (20, 3))), *(random.normal([0, 9, 0], 0.1, (20, 3)))]
    plane = mapped([list(row) for row in groups], method="umap", neighbours=5)
    assert plane == mapped([list(row) for row in groups], method="umap", neighbours=5)
    first, second = np.array(plane[:20]), np.array(plane[20:])
    spread = max(np.ptp(first, axis=0).max(), np.ptp(second, axis=0).max())
    assert np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > spread
