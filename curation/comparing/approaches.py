"""Texts that are alike, as groups."""

from collections.abc import Sequence

import numpy as np

from curation.encoders import load_encoder


def approaches(texts: Sequence[str], encoder: str, similarity: float) -> list[int]:
    """A group number for each text: average linkage until no two groups are that similar."""
    if len(texts) < 2:
        return [1] * len(texts)
    from scipy.cluster.hierarchy import fcluster, linkage

    rows = load_encoder(encoder).encode(texts)
    distance = np.clip(1 - rows @ rows.T, 0, 2)
    above = distance[np.triu_indices(len(texts), 1)]
    return [int(group) for group in fcluster(linkage(above, "average"), 1 - similarity, "distance")]
