"""How far each verifier of answers can be trusted, by what people said of the same traces."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from curation.intervals import wilson

VERIFIERS = ("correct", "correct_second")  # columns of verify_answer
HUMAN = "human_correct"


class Calibration(NamedTuple):
    """A verifier against people: precision of its right answers, and recall of the truly right ones.

    `n` counts the rows both have judged. A share nobody can know yet is None, as are the ends of its interval.
    """

    name: str
    n: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None


def calibrate(table: pa.Table) -> list[Calibration]:
    """A calibration for each verifier whose column is in the table, with 95 % intervals."""
    return [_calibration(table, name) for name in VERIFIERS if name in table.column_names]


def _calibration(table: pa.Table, name: str) -> Calibration:
    said, truth = table.column(name).cast(pa.bool_()), table.column(HUMAN).cast(pa.bool_())
    both = _count(pc.and_(said, truth))
    claimed = _count(pc.and_(said, pc.is_valid(truth)))
    right = _count(pc.and_(truth, pc.is_valid(said)))
    n = _count(pc.and_(pc.is_valid(said), pc.is_valid(truth)))
    return Calibration(name, n, *_share(both, claimed), *_share(both, right))


def _count(flags: pa.ChunkedArray) -> int:
    return int(pc.sum(flags).as_py() or 0)


def _share(part: int, whole: int) -> tuple[float, float, float] | tuple[None, None, None]:
    interval = wilson(part, whole)
    return (part / whole, interval.low, interval.high) if interval else (None, None, None)
