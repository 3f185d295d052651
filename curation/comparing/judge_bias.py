"""What moves a judge beside what is judged: length, its own writing, and the place in a pair."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from curation.comparing.agreement import Ranks, bootstrap, ranks
from curation.intervals import Interval, wilson


class LengthBias(NamedTuple):
    """Spearman's correlation of score and length: over all rows, and where length cannot stand for being right."""

    rows: Ranks
    right: Ranks
    wrong: Ranks


class SelfPreference(NamedTuple):
    """How much more a judge gives its own traces than other judges give them, beyond its strictness elsewhere.

    `gap` is the mean of (its score - the others') over its own traces, less that over the traces of others.
    """

    judge: str
    own: int
    others: int
    gap: float | None
    interval: Interval | None


class PositionBias(NamedTuple):
    """Of the comparisons read, the share in which the place decided, and which place it was; 0.5 is neither."""

    n: int
    share: float | None
    interval: Interval | None
    first: float | None


def length_bias(
    scores: Sequence[float | None], tokens: Sequence[float | None], correct: Sequence[bool | None]
) -> LengthBias:
    """Score against length, also among right and among wrong answers, since wrong ones are often longer."""
    rows = list(zip(scores, tokens, correct, strict=True))
    found = [[(score, length) for score, length, flag in rows if flag is wanted] for wanted in (True, False)]
    right, wrong = (ranks([one for one, _ in part], [length for _, length in part]) for part in found)
    return LengthBias(ranks(scores, tokens), right, wrong)


def self_preference(
    scores: Mapping[str, Mapping[str, float | None]], authors: Mapping[str, str]
) -> list[SelfPreference]:
    """For every judge that is an author too: its scores by trace id against the mean of the other judges'."""
    return [_preference(judge, scores, authors) for judge in sorted(scores) if judge in set(authors.values())]


def position_bias(firsts: Sequence[float | None]) -> PositionBias:
    """From 1, -1 or 0 for each comparison: the first place won both orders, the second did, or neither."""
    known = [value for value in firsts if value is not None]
    decided = [value for value in known if value]
    share = len(decided) / len(known) if known else None
    first = sum(value > 0 for value in decided) / len(decided) if decided else None
    return PositionBias(len(known), share, wilson(len(decided), len(known)), first)


def _preference(
    judge: str, scores: Mapping[str, Mapping[str, float | None]], authors: Mapping[str, str]
) -> SelfPreference:
    rows = list[tuple[bool, float]]()
    for trace, own in scores[judge].items():
        others = [said[trace] for name, said in scores.items() if name != judge and said.get(trace) is not None]
        known = [value for value in others if value is not None]
        if own is not None and known and trace in authors:
            rows.append((authors[trace] == judge, own - fmean(known)))
    count = sum(mine for mine, _ in rows)
    return SelfPreference(judge, count, len(rows) - count, _gap(rows), bootstrap(rows, _gap))


def _gap(rows: Sequence[tuple[bool, float]]) -> float | None:
    own, others = ([value for mine, value in rows if mine is wanted] for wanted in (True, False))
    return fmean(own) - fmean(others) if own and others else None
