"""A numeric score, such as a judge's, held against what people said of the same traces."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from curation.comparing.agreement import Agreement, Ranks, Threshold, agreement, best_threshold, known, ranks
from curation.comparing.judge_bias import LengthBias, length_bias
from curation.intervals import Interval, wilson

HUMAN, CORRECT, LENGTH = "human_correct", "correct", "n_tokens"
SINGLE, BINS = 11, 5  # ours: a scale of 0 to 10 is shown value by value, finer ones in fifths


class Step(NamedTuple):
    """Rows with scores from low to high: how many, and the share people call right."""

    low: float
    high: float
    n: int
    right: float
    interval: Interval | None


class Standing(NamedTuple):
    """What a score is worth as a verdict.

    `held_out` compares people with thresholds that were each chosen on the other half of the rows, so it is what to
    expect of new ones; `threshold` is the one to use, chosen on all.
    """

    name: str
    n: int
    ranks: Ranks
    threshold: Threshold | None
    held_out: Agreement
    steps: tuple[Step, ...]
    length: LengthBias


def standing(table: pa.Table, name: str) -> Standing:
    """The standing of a column, from rows with `human_correct` and, where known, `correct` and `n_tokens`."""
    rows = table.sort_by("id") if "id" in table.column_names else table
    scores, people = _numbers(rows, name), _flags(rows, HUMAN)
    both = known(scores, people)
    return Standing(
        name, len(both), ranks([score for score, _ in both], [float(flag) for _, flag in both]),
        best_threshold(scores, people), _held_out(both), _steps(both),
        length_bias(scores, _numbers(rows, LENGTH), _flags(rows, CORRECT)),
    )  # fmt: skip


def _held_out(rows: Sequence[tuple[float, bool]]) -> Agreement:
    """Every row decided by the threshold of the half it is not in; unknown where that half has none."""
    said: list[bool | None] = []
    halves = [best_threshold(*_unzipped(rows[start::2])) for start in (1, 0)]
    for place, (score, _) in enumerate(rows):
        cut = halves[place % 2]
        said.append(None if cut is None else score >= cut.value)
    return agreement(said, [flag for _, flag in rows], labels=(False, True))


def _steps(rows: Sequence[tuple[float, bool]]) -> tuple[Step, ...]:
    values = np.array([score for score, _ in rows], np.float64)
    cuts = np.unique(values)
    if len(cuts) > SINGLE:
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1))[:-1])
    places = np.searchsorted(cuts, values, side="right").tolist()
    groups = [
        [row for row, place in zip(rows, places, strict=True) if place == wanted] for wanted in sorted({*places})
    ]
    return tuple(_step(group) for group in groups)


def _step(rows: Sequence[tuple[float, bool]]) -> Step:
    scores, flags = _unzipped(rows)
    return Step(min(scores), max(scores), len(rows), sum(flags) / len(rows), wilson(sum(flags), len(rows)))


def _unzipped(rows: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in rows], [flag for _, flag in rows]


def _numbers(table: pa.Table, name: str) -> list[float | None]:
    return [None if value is None or value != value else float(value) for value in _values(table, name)]


def _flags(table: pa.Table, name: str) -> list[bool | None]:
    return [None if value is None else bool(value) for value in _values(table, name)]


def _values(table: pa.Table, name: str) -> list[Any]:
    return table.column(name).to_pylist() if name in table.column_names else [None] * table.num_rows
