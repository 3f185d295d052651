"""The mix of difficulty: how many rows can be had in the proportions of the start, and the step that takes them.

Rows are counted by value of difficulty where there are few, as with pass rates of a handful of samples, else in
fifths of the rows left.
"""

from collections.abc import Collection
from typing import NamedTuple

import duckdb

from curation.application.result import Result
from curation.errors import UserError
from curation.operator import OPERATORS, Operator

SCORE = "difficulty"
FEW, FIFTHS = 12, 5
RARE = 0.01  # ours: a share of the start below which a value does not limit the others


class Group(NamedTuple):
    """A value or fifth of difficulty: its share of the start, and the rows and mean tokens there are of it now."""

    name: str
    share: float
    rows: int
    tokens: float | None


class Mixture(NamedTuple):
    """The groups of difficulty, and whether they are fifths."""

    groups: list[Group]
    binned: bool

    def without(self, names: Collection[str]) -> "Mixture":
        """The mixture of the other groups."""
        rest = [group for group in self.groups if group.name not in names]
        whole = sum(group.share for group in rest) or 1.0
        return Mixture([group._replace(share=group.share / whole) for group in rest], self.binned)

    def empty(self) -> list[Group]:
        """The groups of which no row is left."""
        return [group for group in self.groups if not group.rows]

    def most(self) -> int:
        """The rows that can be had in the proportions of the start."""
        return int(min((group.rows / group.share for group in self.groups if group.share >= RARE), default=0) + 1e-9)

    def scarce(self) -> Group:
        """The group that limits them."""
        return min((group for group in self.groups if group.share >= RARE), key=lambda group: group.rows / group.share)

    def named(self, group: Group) -> str:
        """A group in words."""
        return f"fifth {group.name} of {FIFTHS} (1 the easiest)" if self.binned else f"{float(group.name):.2f}"

    def tokens_a_row(self) -> float | None:
        """Mean tokens of a row in the proportions of the start."""
        known = [(group.share, group.tokens) for group in self.groups if group.tokens is not None]
        total = sum(share for share, _ in known)
        return sum(share * tokens for share, tokens in known) / total if total else None

    def step(self, rows: int) -> Operator:
        """The step that keeps so many rows in the proportions of the start."""
        quotas = {group.name: min(group.rows, round(rows * group.share)) for group in self.groups}
        bins = FIFTHS if self.binned else None
        return OPERATORS.parse({"op": "balance", "group": SCORE, "bins": bins, "quotas": quotas})


def is_mixing(step: Operator) -> bool:
    """True for a step that an earlier search appended."""
    values = step.parameters()
    return step.title() == "balance" and values["group"] == SCORE and values["quotas"] is not None


def mixture(start: Result, result: Result) -> Mixture:
    """Compare the difficulty of the rows left with that of the start; both results share a preview."""
    start_sql, end_sql = start.alive(len(start.steps)), result.alive(len(result.steps))
    for sql in (start_sql, end_sql):
        if SCORE not in {row[0] for row in result.connection.execute(f"DESCRIBE {sql}").fetchall()}:
            raise UserError(
                "The same difficulty mix needs the step 'difficulty' in the recipe; add it after the one that "
                "measures correctness."
            )
    count = f"SELECT count(DISTINCT {SCORE}) FROM ({start_sql})"
    binned = result.connection.execute(count).fetchall()[0][0] > FEW
    return Mixture(_groups(result.connection, start_sql, end_sql, binned), binned)


def _groups(connection: duckdb.DuckDBPyConnection, start: str, end: str, binned: bool) -> list[Group]:
    value = "CAST(difficulty AS DOUBLE)"
    cuts = [round(n / FIFTHS, 12) for n in range(1, FIFTHS)]
    # the same bins as the operator balance makes of the rows that reach it
    edges = f"(SELECT quantile_disc({value}, {cuts}) FROM ({end}))"
    binning = f"CAST(1 + len(list_filter({edges}, lambda e: e < {value})) AS VARCHAR)"
    name = binning if binned else "CAST(difficulty AS VARCHAR)"
    columns = {row[0] for row in connection.execute(f"DESCRIBE {end}").fetchall()}
    tokens = "avg(n_tokens)" if "n_tokens" in columns else "NULL"
    query = f"""
        WITH before AS (SELECT {name} AS name, count(*) AS n FROM ({start}) WHERE difficulty IS NOT NULL GROUP BY 1),
        after AS (SELECT {name} AS name, count(*) AS n, {tokens} AS tokens FROM ({end})
                  WHERE difficulty IS NOT NULL GROUP BY 1)
        SELECT name, before.n / sum(before.n) OVER (), coalesce(after.n, 0), after.tokens
        FROM before LEFT JOIN after USING (name) ORDER BY name"""
    return [Group(*row) for row in connection.execute(query).fetchall()]
