"""Lay vectors out on a plane: similar traces lie close together."""

from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from curation.errors import UserError
from curation.operator import CorpusAnnotator, ScoreType
from curation.params import Seed

Plane = NDArray[np.float64]
BLOCK = 1 << 16  # rows taken at once; ours: of a million vectors no second copy is held


class MapEmbeddings(CorpusAnnotator):
    """Place each trace on a map by its vector; similar ones lie close together.

    PCA shows the two widest directions and takes seconds; UMAP keeps neighbours together and takes minutes.
    """

    op: Literal["map_embeddings"] = "map_embeddings"
    method: Literal["pca", "umap"] = Field("pca", description="How many directions become two")
    neighbours: int = Field(15, description="With UMAP: neighbours kept together", ge=2, le=200)  # umap-learn's own
    seed: Seed = Field(0, description="With UMAP: seed of the layout")

    needs_vectors = True

    def adds(self) -> dict[str, ScoreType]:
        """Place on the map."""
        return {"map_x": "number", "map_y": "number"}

    def at_once(self) -> bool:
        """The two widest directions of 100,000 vectors take a second."""
        return self.method == "pca"

    def conclude(self, rows: pa.Table) -> pa.Table:
        """A place for every row with a vector."""
        vectors = rows.column("vector").combine_chunks()
        known = np.asarray(vectors.is_valid())
        plane = np.full((len(rows), 2), np.nan)
        if known.any():
            points = _matrix(vectors.drop_null())
            plane[known] = pca(points) if self.method == "pca" else self._umap(points)
        columns = [pa.array(column, mask=~known) for column in plane.T]
        return pa.table([rows.column("id"), *columns], names=["id", "map_x", "map_y"])

    def _umap(self, points: NDArray[np.float32]) -> Plane:
        if len(points) < self.neighbours + 2:
            raise UserError(
                f"UMAP with {self.neighbours} neighbours needs at least {self.neighbours + 2} traces with a vector, "
                f"found {len(points)}; lower neighbours or choose pca."
            )
        from umap import UMAP

        layout = UMAP(n_neighbors=self.neighbours, metric="cosine", random_state=self.seed, n_jobs=1)
        return np.asarray(layout.fit_transform(points), np.float64)


def pca(points: NDArray[np.float32]) -> Plane:
    """The two widest directions; each points to where its largest weight is positive."""
    middle = points.mean(axis=0)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(points), BLOCK)]
    spread = np.zeros((points.shape[1], points.shape[1]))
    for block in blocks:
        centred = points[block] - middle
        spread += centred.T @ centred
    widest = np.linalg.eigh(spread)[1][:, :-3:-1]
    widest = widest * np.sign(widest[np.abs(widest).argmax(axis=0), range(widest.shape[1])])
    plane = np.zeros((len(points), 2))
    for block in blocks:
        plane[block, : widest.shape[1]] = (points[block] - middle) @ widest
    return plane


def _matrix(vectors: pa.ListArray) -> NDArray[np.float32]:
    lengths = np.unique(vectors.value_lengths().to_numpy(zero_copy_only=False))
    if len(lengths) > 1:
        raise UserError(
            f"The vectors have different lengths ({', '.join(map(str, lengths))}); embed with one encoder."
        )
    return np.asarray(vectors.flatten(), np.float32).reshape(len(vectors), -1)
