"""shift(name, kind, before, after): how length, difficulty, teacher, subject changed, with effect sizes.

Verification drops what a teacher cannot solve, so a filter for right answers is also a filter for easy problems
(open-thoughts issue 21); `warnings` says so in a sentence with figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from curation.application.arrays import Tally
from curation.operator import ScoreType

Magnitude = Literal["none", "negligible", "small", "medium", "large"]
# Cliff's delta: Romano, Kromrey, Coraggio and Skowronek (2006), "Appropriate statistics for ordinal level data"
DELTA: tuple[tuple[float, Magnitude], ...] = ((0.147, "negligible"), (0.33, "small"), (0.474, "medium"))
DISTANCE: tuple[tuple[float, Magnitude], ...] = ((0.02, "negligible"), (0.1, "small"), (0.25, "medium"))  # ours
BINS, MOVERS = 16, 3
NONE = 5
LOST = 0.1  # ours: share of a fifth's problems that may go without a word


class Quartiles(NamedTuple):
    """First quartile, median, third quartile."""

    low: float
    median: float
    high: float


class Share(NamedTuple):
    """A value's share of the known rows before and after; for a number, the bin from `low` to `high`."""

    value: str
    before: float
    after: float
    low: float = 0.0
    high: float = 0.0

    @property
    def change(self) -> float:
        """By how much the share grew."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Shift:
    """One column before and after.

    `effect` is Cliff's delta of a number (-1: every row after is below every row before), or the total variation
    distance of a category or flag (0 to 1); None where a side has no known value.
    """

    name: str
    kind: ScoreType
    rows: tuple[int, int]
    unknown: tuple[int, int]
    effect: float | None
    shares: tuple[Share, ...]
    quartiles: tuple[Quartiles, Quartiles] | None = None

    @property
    def magnitude(self) -> Magnitude:
        """The effect in a word."""
        limits = DELTA if self.kind == "number" else DISTANCE
        if not self.effect:
            return "none"
        return next((word for limit, word in limits if abs(self.effect) < limit), "large")

    def movers(self) -> list[Share]:
        """The values whose shares changed most."""
        moved = [share for share in self.shares if abs(share.change) >= 0.005]
        return sorted(moved, key=lambda share: -abs(share.change))[:MOVERS]


def shift(name: str, kind: ScoreType, before: Tally, after: Tally) -> Shift:
    """Compare a column of the rows before with that of the rows after, by how often each value occurs."""
    values, was, left = _side_by_side(before, after)
    return _number(name, values, was, left) if kind == "number" else _category(name, kind, values, was, left)


def _side_by_side(before: Tally, after: Tally) -> tuple[tuple[Any, ...], np.ndarray, np.ndarray]:
    if before[0] is after[0]:
        return before[0], before[1], after[1]
    values = tuple(dict.fromkeys([*before[0], *after[0]]))
    was, left = (dict(zip(known, counts.tolist(), strict=True)) for known, counts in (before, after))
    return (
        values,
        np.array([was.get(value, 0) for value in values]),
        np.array([left.get(value, 0) for value in values]),
    )


def _number(name: str, known: tuple[Any, ...], before: np.ndarray, after: np.ndarray) -> Shift:
    given = np.array(known, float)  # None is NaN
    rows, chosen = (int(before.sum()), int(after.sum())), np.isfinite(given) & (before + after > 0)
    order = np.argsort(given[chosen])
    values, *sides = (array[chosen][order] for array in (given, before, after))
    whole = (int(sides[0].sum()), int(sides[1].sum()))
    unknown = (rows[0] - whole[0], rows[1] - whole[1])
    if not whole[0] or not whole[1]:
        return Shift(name, "number", rows, unknown, None, ())
    upto = sides[0].cumsum()
    above_less_below = 2 * upto - sides[0] - whole[0]  # rows before that are lower, less those that are higher
    effect = float((sides[1] * above_less_below).sum()) / (whole[0] * whole[1])
    quartiles = [Quartiles(*(quantile(values, side, share) for share in (0.25, 0.5, 0.75))) for side in sides]
    return Shift(
        name, "number", rows, unknown, effect, _bins(values, *sides), (quartiles[0], quartiles[1])
    )  # fmt: skip


def quantile(values: np.ndarray, counts: np.ndarray, share: float) -> float:
    """The quantile of sorted values that occur so often, between two of them in proportion."""
    upto = counts.cumsum()
    place = (int(upto[-1]) - 1) * share
    low, high = (values[np.searchsorted(upto, rank, side="right")] for rank in (math.floor(place), math.ceil(place)))
    return float(low + (high - low) * (place - math.floor(place)))


def _bins(values: np.ndarray, before: np.ndarray, after: np.ndarray) -> tuple[Share, ...]:
    """Bins over the body of the rows before: outer bins take the tails."""
    low, high = quantile(values, before, 0.01), quantile(values, before, 0.99)
    step = (high - low) / BINS if high > low else 1.0
    places = np.clip(np.floor((values - low) / step), 0, BINS - 1).astype(int)
    shares = [(np.bincount(places, side, BINS) / side.sum()).tolist() for side in (before, after)]
    ends = [(low + place * step, low + (place + 1) * step) for place in range(BINS)]
    return tuple(
        Share(f"{first:.4g} to {last:.4g}", was, left, first, last)
        for (first, last), was, left in zip(ends, *shares, strict=True)
    )


def _category(name: str, kind: ScoreType, values: tuple[Any, ...], before: np.ndarray, after: np.ndarray) -> Shift:
    counts = [row for row in zip(values, before.tolist(), after.tolist(), strict=True) if row[1] or row[2]]
    rows = (sum(was for _, was, _ in counts), sum(left for _, _, left in counts))
    unknown = next(((was, left) for value, was, left in counts if value is None), (0, 0))
    known = (rows[0] - unknown[0], rows[1] - unknown[1])
    if not known[0] or not known[1]:
        return Shift(name, kind, rows, unknown, None, ())
    listed = sorted((row for row in counts if row[0] is not None), key=lambda row: (-row[1], row[0]))
    shares = tuple(Share(value, was / known[0], left / known[1]) for value, was, left in listed)
    return Shift(name, kind, rows, unknown, sum(abs(share.change) for share in shares) / 2, shares)


class Fifth(NamedTuple):
    """The problems between two difficulties, before, and those of them that have no row after."""

    low: float
    high: float
    problems: int
    lost: int


class Fifths(NamedTuple):
    """For each problem the place of its fifth (NONE where its difficulty is unknown), and the ends of each fifth."""

    places: np.ndarray
    ends: tuple[tuple[float, float], ...]


def fifths_of(values: np.ndarray) -> Fifths:
    """Problems by fifth of their difficulty, easiest first; NaN where it is unknown."""
    (known,) = np.nonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    rated = values[order]
    upto = np.searchsorted(rated, rated, side="right") / max(1, len(rated))  # equal difficulties stay together
    fifths, places = np.unique(np.minimum(np.floor(upto * 5 - 1e-9), 4), return_inverse=True)
    found = np.full(len(values), NONE, np.uint8)
    found[order] = places
    chosen = [rated[places == place] for place in range(len(fifths))]
    return Fifths(found, tuple((float(one[0]), float(one[-1])) for one in chosen))


def lost_problems(fifths: Fifths, lost: np.ndarray) -> list[Fifth]:
    """The problems of each fifth, and those without any row left."""
    sides = [np.bincount(places, minlength=NONE).tolist() for places in (fifths.places, fifths.places[lost])]
    return [Fifth(*ends, *counts) for ends, *counts in zip(fifths.ends, *sides, strict=False)]


def warnings(found: Sequence[Shift], fifths: Sequence[Fifth] = ()) -> list[str]:
    """Selection bias in plain sentences: rows that became easier or harder, and hard problems that are gone."""
    out = [text for shift in found if shift.name == "difficulty" and (text := _difficulty(shift))]
    if len(fifths) > 1:
        hardest, easiest = fifths[-1], fifths[0]
        lost, other = hardest.lost / hardest.problems, easiest.lost / easiest.problems
        if lost - other > LOST:
            above = "" if hardest.low == hardest.high else " and above"
            out.append(
                f"The hardest problems are going: {hardest.lost:,} of {hardest.problems:,} with difficulty "
                f"{hardest.low:.2f}{above} have no row left ({lost:.0%}), against {other:.0%} of the easiest."
            )
    return out


def _difficulty(shift: Shift) -> str | None:
    if shift.magnitude in ("none", "negligible") or shift.effect is None or shift.quartiles is None:
        return None
    before, after = shift.quartiles
    direction = "easier" if shift.effect < 0 else "harder"
    figures = f"median difficulty {before.median:.2f} before, {after.median:.2f} after"
    if f"{before.median:.2f}" == f"{after.median:.2f}":
        figures = (
            f"the middle half has difficulty {before.low:.2f} to {before.high:.2f} before, {after.low:.2f} to "
            f"{after.high:.2f} after"
        )
    delta = f"Cliff's delta {shift.effect:+.2f} ({shift.magnitude})"
    return f"The rows kept are {direction}: {figures}; {delta}."
