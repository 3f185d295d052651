"""What moves a judge beside what is judged: length."""

from collections.abc import Sequence
from typing import NamedTuple

from curation.comparing.agreement import Ranks, ranks


class LengthBias(NamedTuple):
    """Spearman's correlation of score and length: over all rows, and where length cannot stand for being right."""

    rows: Ranks
    right: Ranks
    wrong: Ranks


def length_bias(
    scores: Sequence[float | None], tokens: Sequence[float | None], correct: Sequence[bool | None]
) -> LengthBias:
    """Score against length, also among right and among wrong answers, since wrong ones are often longer."""
    rows = list(zip(scores, tokens, correct, strict=True))
    found = [[(score, length) for score, length, flag in rows if flag is wanted] for wanted in (True, False)]
    right, wrong = (ranks([one for one, _ in part], [length for _, length in part]) for part in found)
    return LengthBias(ranks(scores, tokens), right, wrong)
