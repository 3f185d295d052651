"""shifts(connection, before, after, columns): how length, difficulty, teacher, subject changed, with effect sizes.

Verification drops what a teacher cannot solve, so a filter for right answers is also a filter for easy problems
(open-thoughts issue 21); `warnings` says so in a sentence with figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import duckdb

from curation.operator import ScoreType, column

Magnitude = Literal["none", "negligible", "small", "medium", "large"]
# Cliff's delta: Romano, Kromrey, Coraggio and Skowronek (2006), "Appropriate statistics for ordinal level data"
DELTA: tuple[tuple[float, Magnitude], ...] = ((0.147, "negligible"), (0.33, "small"), (0.474, "medium"))
DISTANCE: tuple[tuple[float, Magnitude], ...] = ((0.02, "negligible"), (0.1, "small"), (0.25, "medium"))  # ours
BINS, MOVERS = 16, 3
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


def shifts(
    connection: duckdb.DuckDBPyConnection, before_sql: str, after_sql: str, columns: Mapping[str, ScoreType]
) -> list[Shift]:
    """Compare the columns that two SELECTs both have."""
    known = _names(connection, before_sql) & _names(connection, after_sql)
    found = {name: kind for name, kind in columns.items() if name in known}
    if not found:
        return []
    names = ", ".join(map(column, found))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE shifting AS SELECT 0 AS side, {names} FROM ({before_sql}) "
        f"UNION ALL SELECT 1, {names} FROM ({after_sql})"
    )
    out = [
        _number(connection, name) if kind == "number" else _category(connection, name, kind)
        for name, kind in found.items()
    ]
    connection.execute("DROP TABLE shifting")
    return out


def _names(cursor: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {str(row[0]) for row in cursor.execute(f"DESCRIBE {query}").fetchall()}


# Both sides counted value by value, so that the rows of `before` below and above each value are a running sum
NUMBER = """
WITH known AS (SELECT side, CAST({name} AS DOUBLE) AS value FROM shifting WHERE isfinite(CAST({name} AS DOUBLE))),
counted AS (
    SELECT value, count(*) FILTER (side = 0) AS before, count(*) FILTER (side = 1) AS after FROM known GROUP BY value
),
summed AS (
    SELECT before, after, sum(before) OVER (ORDER BY value) AS upto, sum(before) OVER () AS all_before FROM counted
)
SELECT sum(after * (upto - before) - after * (all_before - upto)) / nullif(sum(before) * sum(after), 0),
       sum(before), sum(after), {quartiles}, (SELECT count(*) FILTER (side = 0) FROM shifting),
       (SELECT count(*) FILTER (side = 1) FROM shifting)
FROM summed
"""
QUARTILES = ", ".join(
    f"(SELECT quantile_cont(value, [0.25, 0.5, 0.75]) FROM known WHERE side = {side})" for side in (0, 1)
)
# bins over the body of the rows before: outer bins take the tails
BINNED = """
WITH known AS (SELECT side, CAST({name} AS DOUBLE) AS value FROM shifting WHERE isfinite(CAST({name} AS DOUBLE))),
ends AS (SELECT quantile_cont(value, 0.01) AS low, quantile_cont(value, 0.99) AS high FROM known WHERE side = 0),
width AS (SELECT low, if(high > low, (high - low) / {bins}, 1) AS step FROM ends),
counted AS (
    SELECT greatest(0, least({last}, floor((value - low) / step))) AS bin, count(*) FILTER (side = 0) AS before,
           count(*) FILTER (side = 1) AS after FROM known, width GROUP BY bin
),
every AS (SELECT bin, coalesce(before, 0) AS before, coalesce(after, 0) AS after FROM range({bins}) r(bin)
          LEFT JOIN counted USING (bin))
SELECT low + bin * step, low + (bin + 1) * step, before / sum(before) OVER (), after / sum(after) OVER ()
FROM every, width ORDER BY bin
"""
CATEGORY = """
WITH counted AS (
    SELECT CAST({name} AS VARCHAR) AS value, count(*) FILTER (side = 0) AS before,
           count(*) FILTER (side = 1) AS after FROM shifting GROUP BY 1
)
SELECT value, before, after FROM counted ORDER BY before DESC, value
"""


def _number(cursor: duckdb.DuckDBPyConnection, name: str) -> Shift:
    quoted = column(name)
    row = cursor.execute(NUMBER.format(name=quoted, quartiles=QUARTILES)).fetchall()[0]
    effect, known, quartiles, rows = row[0], (row[1] or 0, row[2] or 0), row[3:5], (row[5] or 0, row[6] or 0)
    bins: list[Share] = []
    if known[0] and known[1]:
        found = cursor.execute(BINNED.format(name=quoted, bins=BINS, last=BINS - 1)).fetchall()
        bins = [Share(f"{low:.4g} to {high:.4g}", before, after, low, high) for low, high, before, after in found]
    return Shift(
        name, "number", rows, (rows[0] - int(known[0]), rows[1] - int(known[1])),
        None if effect is None else float(effect), tuple(bins),
        (Quartiles(*quartiles[0]), Quartiles(*quartiles[1])) if bins else None,
    )  # fmt: skip


def _category(cursor: duckdb.DuckDBPyConnection, name: str, kind: ScoreType) -> Shift:
    counts = cursor.execute(CATEGORY.format(name=column(name))).fetchall()
    rows = (sum(before for _, before, _ in counts), sum(after for _, _, after in counts))
    unknown = next(((before, after) for value, before, after in counts if value is None), (0, 0))
    known = (rows[0] - unknown[0], rows[1] - unknown[1])
    if not known[0] or not known[1]:
        return Shift(name, kind, rows, unknown, None, ())
    shares = tuple(
        Share(value, before / known[0], after / known[1]) for value, before, after in counts if value is not None
    )
    return Shift(name, kind, rows, unknown, sum(abs(share.change) for share in shares) / 2, shares)


class Fifth(NamedTuple):
    """The problems between two difficulties, before, and those of them that have no row after."""

    low: float
    high: float
    problems: int
    lost: int


def lost_problems(
    connection: duckdb.DuckDBPyConnection, before_sql: str, after_sql: str, score: str = "difficulty"
) -> list[Fifth]:
    """Problems without any row left, by fifth of their difficulty, easiest first; empty without that score."""
    if score not in _names(connection, before_sql):
        return []
    value = f"avg(CAST({column(score)} AS DOUBLE))"
    query = f"""
        WITH problems AS (
            SELECT problem_id, {value} AS value, problem_id NOT IN (SELECT problem_id FROM ({after_sql})) AS lost
            FROM ({before_sql}) GROUP BY problem_id HAVING {value} IS NOT NULL
        ), fifths AS (
            -- equal difficulties stay together
            SELECT value, lost, least(floor(cume_dist() OVER (ORDER BY value) * 5 - 1e-9), 4) AS fifth FROM problems
        )
        SELECT min(value), max(value), count(*), count(*) FILTER (lost) FROM fifths GROUP BY fifth ORDER BY fifth"""
    return [Fifth(*row) for row in connection.execute(query).fetchall()]


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
