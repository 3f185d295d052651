"""Teachers on the same problems: how often each is right, how long it writes, what that costs, who beats whom."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from curation.intervals import Interval, clustered

Counts = dict[str, Any]  # a row of query.teachers.ATTEMPTS


class Teacher(NamedTuple):
    """What one source did; a share nobody can know is None, and so is a cost where some trace tells none."""

    name: str
    problems: int
    traces: int
    judged: int
    pass_rate: float | None
    interval: Interval | None
    q1: float | None
    median: float | None
    q3: float | None
    no_answer: float | None
    unfinished: float
    cost: float | None
    cost_per_correct: float | None


class Duel(NamedTuple):
    """Two sources on the problems both were judged on: the mean share of one right where the other is wrong."""

    first: str
    second: str
    problems: int
    first_alone: float | None
    second_alone: float | None
    both: float | None


def teachers(attempts: pa.Table, lengths: pa.Table) -> list[Teacher]:
    """One row a source, in the order of their names."""
    spreads = {row["group"]: row for row in lengths.to_pylist()}
    return [_teacher(name, rows, spreads.get(name, {})) for name, rows in _by_source(attempts).items()]


def _teacher(name: str, rows: Sequence[Counts], spread: Counts) -> Teacher:
    total = {key: sum(row[key] for row in rows) for key in ("traces", "judged", "right", "unfinished", "priced")}
    seen = [row for row in rows if row["judged"]]
    shares = [row["right"] / row["judged"] for row in seen]
    silent = [row["silent"] for row in seen if row["silent"] is not None]
    cost = sum(row["cost"] or 0.0 for row in rows) if total["priced"] == total["traces"] else None
    return Teacher(
        name, len(rows), total["traces"], total["judged"],
        sum(shares) / len(shares) if shares else None,
        clustered([[True] * row["right"] + [False] * (row["judged"] - row["right"]) for row in seen]),
        spread.get("q1"), spread.get("median"), spread.get("q3"),
        sum(silent) / total["judged"] if silent else None,
        total["unfinished"] / total["traces"], cost,
        cost / total["right"] if cost is not None and total["right"] else None,
    )  # fmt: skip


def duels(attempts: pa.Table) -> list[Duel]:
    """Every two sources, in the order of their names; several traces of a problem count by their share."""
    rates = {
        name: {row["problem_id"]: row["right"] / row["judged"] for row in rows if row["judged"]}
        for name, rows in _by_source(attempts).items()
    }
    names = list(rates)
    return [_duel(one, other, rates) for place, one in enumerate(names) for other in names[place + 1 :]]


def _duel(first: str, second: str, rates: dict[str, dict[str, float]]) -> Duel:
    pairs = [(rate, rates[second][problem]) for problem, rate in rates[first].items() if problem in rates[second]]
    n = len(pairs)
    if not n:
        return Duel(first, second, 0, None, None, None)
    ahead = sum(one * (1 - other) for one, other in pairs) / n
    behind = sum((1 - one) * other for one, other in pairs) / n
    return Duel(first, second, n, ahead, behind, sum(one * other for one, other in pairs) / n)


def shared_problems(attempts: pa.Table) -> int:
    """How many problems every source of the table has."""
    found = [{row["problem_id"] for row in rows} for rows in _by_source(attempts).values()]
    return len(set.intersection(*found)) if found else 0


def _by_source(attempts: pa.Table) -> dict[str, list[Counts]]:
    found: dict[str, list[Counts]] = defaultdict(list)
    for row in attempts.to_pylist():
        found[row["source"]].append(row)
    return dict(sorted(found.items()))
