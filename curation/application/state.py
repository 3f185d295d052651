"""State: what a step leaves, as SQL over the in-memory tables of an application.

Nothing is copied from step to step: the traces since the last mapper are one table, each annotator's scores are a
narrow table beside it, and a selector leaves the positions it keeps. A moved slider so costs a scan of one column.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from curation.application.report import StepReport
from curation.application.sources import Source
from curation.operator import Annotator, column

CARRIED = ("pos", "problem_pos", "n_chars", "n_tokens")  # from selector to selector; n_tokens where it is known
UNDECIDED = "NULL AS value, NULL::VARCHAR AS threshold, NULL::VARCHAR AS other"  # where nothing was compared


@dataclass(frozen=True)
class State:
    """The rows left after a step.

    `base` is the table of the traces since the last mapper (pos, problem_pos, light columns, labels), `kept` a query
    of the positions left (None: all), `scores` the table that holds each score, `lineage` a hash of everything that
    shaped the traces' text and segments, `scale` how many rows each one stands for and `text_scale` how many
    characters or tokens each of theirs does. `verdicts` is a query of what became of each row (id, verdict, reason,
    became, value, threshold, other), `reasons` a cheaper one of verdict and reason alone and `left` a query of what is
    CARRIED of the rows left, where a selector wrote that down.
    """

    key: str
    base: str
    source: Source
    lineage: str
    kept: str | None = None
    scores: Mapping[str, str] = field(default_factory=dict)
    about_problem: frozenset[str] = frozenset()
    scale: float = 1.0
    text_scale: float = 1.0
    segmenter: Annotator | None = None
    embedder: Annotator | None = None
    verdicts: str = ""
    reasons: str | None = None
    left: str | None = None
    report: StepReport | None = None

    def select(self, names: Iterable[str] | None = None) -> str:
        """The rows left: pos, problem_pos, light columns, labels, and these scores where known (None: all)."""
        wanted = self.scores if names is None else names
        kept = f" WHERE {self.base}.pos IN ({self.kept})" if self.kept else ""
        return self.every(wanted) + kept

    def every(self, names: Iterable[str]) -> str:
        """As `select`, of all rows since the last mapper."""
        tables = {name: self.scores[name] for name in names if name in self.scores}
        return f"SELECT {self.base}.*{_beside(self.base, tables)}"

    def narrow(self, names: Iterable[str]) -> str:
        """The rows left with what is CARRIED and these columns and scores, where known, and perhaps others."""
        if self.left is None:
            return self.select(names)
        tables = {name: self.scores.get(name, self.base) for name in names if name not in CARRIED}
        return f"SELECT l.*{_beside(f'({self.left}) l', tables)}"

    def same_rows(self, other: "State") -> bool:
        """Whether the same rows are left with the same count of tokens."""
        mine, others = ((state.base, state.kept, state.scores.get("n_tokens")) for state in (self, other))
        return mine == others

    def carried(self) -> str:
        """The columns that are CARRIED here."""
        return ", ".join(CARRIED if "n_tokens" in self.scores else CARRIED[:-1])

    def scaled(self, count: int) -> int:
        """An exact count of rows at hand as a count of the rows they stand for."""
        return round(count * self.scale)

    def scaled_text(self, count: int) -> int:
        """Characters or tokens of the rows at hand as those of the rows they stand for."""
        return round(count * self.text_scale)


def _beside(rows: str, tables: Mapping[str, str]) -> str:
    """The rest of a SELECT from rows: the column of each name from its table, beside them."""
    columns = "".join(f", {table}.{column(name)}" for name, table in tables.items())
    joins = "".join(f" LEFT JOIN {table} USING (pos)" for table in dict.fromkeys(tables.values()))
    return f"{columns} FROM {rows}{joins}"
