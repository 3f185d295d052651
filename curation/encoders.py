"""Encoders: texts to vectors of length 1, so that the dot product of two rows is their similarity.

The built-in encoder hashes words and projects them to 256 numbers. It knows no meaning, only shared words, but needs
no download and no fitting: the same text has the same vector on every machine and in every data set.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.errors import UserError
from curation.places import model_name

Vectors = NDArray[np.float32]
DIMENSIONS = 256
FEATURES = 2**18  # ours: hashed words
NONZERO = 8  # ours: numbers of a vector that one word moves; a denser projection was no better on the samples
# a word, one character of a script without spaces, or a number: two attempts at one sum share little else
TOKEN = r"(?u)[぀-ヿ㐀-鿿]|[^\W\d_぀-ヿ㐀-鿿]{2,}|\d+"


class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 a text; all zeros for a text without any word."""


class WordHashes:
    """The built-in encoder: hashed words, damped counts, a fixed random projection.

    Pairs of words were left out: with them fewer nearest neighbours of 700 questions from five data sets came from the
    same set (66 % against 78 %), and questions of the samples about the same thing stood out less.
    """

    def __init__(self) -> None:
        """Draw the projection; scikit-learn is imported here, as it costs a second."""
        from scipy.sparse import csr_array
        from sklearn.feature_extraction.text import HashingVectorizer

        self.hashes = HashingVectorizer(
            n_features=FEATURES, token_pattern=TOKEN, stop_words="english", norm=None,
            alternate_sign=False, dtype=np.float32,
        )  # fmt: skip
        random = np.random.default_rng(0)
        places = random.integers(0, DIMENSIONS, FEATURES * NONZERO)
        signs = random.choice(np.array([-1, 1], np.float32), FEATURES * NONZERO)
        starts = np.arange(0, FEATURES * NONZERO + 1, NONZERO)
        self.projection = csr_array((signs, places, starts), (FEATURES, DIMENSIONS))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text; the tenth mention of a word adds less than the first."""
        if not texts:
            return np.zeros((0, DIMENSIONS), np.float32)
        counts = self.hashes.transform(texts)
        counts.data = 1 + np.log(counts.data)
        return _unit((counts @ self.projection).toarray())


class SentenceTransformerEncoder:
    """A sentence-transformers model, loaded from a folder or hub name."""

    def __init__(self, name: str) -> None:
        """Load the model; UserError when it is not there."""
        from sentence_transformers import SentenceTransformer

        try:
            self.model: Any = SentenceTransformer(model_name(name), trust_remote_code=False)
        except (OSError, ValueError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise UserError(
                f"The encoder '{name}' cannot be loaded: {reason} Give a local folder of a sentence-transformers "
                "model, connect to the hub once, or leave it empty for the built-in encoder."
            ) from None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row a text; the model reads as much of a text as it was made for."""
        found = self.model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return _unit(np.asarray(found, np.float32).reshape(len(texts), -1))


@lru_cache(maxsize=2)
def load_encoder(name: str = "") -> Encoder:
    """The encoder of that name, made once a process; empty is the built-in one."""
    return SentenceTransformerEncoder(name) if name else WordHashes()


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
