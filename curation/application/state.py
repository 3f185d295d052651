"""State: what a step leaves, as SQL over the in-memory tables of an application.

Nothing is copied from step to step: the traces since the last mapper are one table, the base; each annotator's scores
are a narrow table beside it, with a row for each row of the base in its order; and a selector leaves flags in that
order too. Tables side by side are read by position, which takes a fortieth of what a join takes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from curation.application.report import StepReport
from curation.application.sources import Source
from curation.operator import Annotator, column

UNDECIDED = "NULL AS value, NULL::VARCHAR AS threshold, NULL::VARCHAR AS other"  # where nothing was compared


@dataclass(frozen=True, eq=False)
class Flags:
    """Which rows of a base are left, in its order, and the name SQL reads them by, in a column `keep`."""

    name: str
    keep: np.ndarray

    @cached_property
    def rows(self) -> np.ndarray:
        """Places of the rows left: taking those of a column is four times as fast as choosing by the flags."""
        return np.flatnonzero(self.keep)


@dataclass(frozen=True)
class State:
    """The rows left after a step.

    `base` is the table of the traces since the last mapper (pos, problem_pos, light columns, labels; pos counts them
    from 1), `left` the flags of those left (None: all), `scores` the table that holds each score, `lineage` a hash of
    everything that shaped the traces' text and segments, `scale` how many rows each one stands for and `text_scale`
    how many characters or tokens each of theirs does. `verdicts` is a query of what became of each row (id, verdict,
    reason, became, value, threshold, other); of a selector `values` is a query of what it compared (pos, value), and
    `dropped` counts the rows it dropped by reason.
    """

    key: str
    base: str
    source: Source
    lineage: str
    left: Flags | None = None
    scores: Mapping[str, str] = field(default_factory=dict)
    about_problem: frozenset[str] = frozenset()
    scale: float = 1.0
    text_scale: float = 1.0
    segmenter: Annotator | None = None
    embedder: Annotator | None = None
    verdicts: str = ""
    values: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)
    report: StepReport | None = None

    def select(self, names: Iterable[str] | None = None, stays: Flags | None = None) -> str:
        """The rows left: pos, problem_pos, light columns, labels, and these scores where known (None: all).

        With flags of fewer rows, `stays` says which of the rows have them.
        """
        wanted = self.scores if names is None else names
        tables = {name: self.scores[name] for name in wanted if name in self.scores}
        columns = [f"{self.base}.*", *(f"{table}.{column(name)}" for name, table in tables.items())]
        if stays:
            columns.append(f"{stays.name}.keep AS stays")
        return self.beside(", ".join(columns), [*tables.values(), *([stays.name] if stays else [])])

    def beside(self, columns: str, tables: Iterable[str], where: str = "TRUE") -> str:
        """SELECT columns of the base and of tables beside it, for the rows left that meet a condition."""
        kept = [self.left.name] if self.left else []
        side_by_side = " POSITIONAL JOIN ".join(dict.fromkeys([self.base, *tables, *kept]))
        return f"SELECT {columns} FROM {side_by_side} WHERE {f'{kept[0]}.keep AND ' if kept else ''}({where})"

    def scaled(self, count: int) -> int:
        """An exact count of rows at hand as a count of the rows they stand for."""
        return round(count * self.scale)

    def scaled_text(self, count: int) -> int:
        """Characters or tokens of the rows at hand as those of the rows they stand for."""
        return round(count * self.text_scale)
