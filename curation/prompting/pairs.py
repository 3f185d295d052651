"""Pairs of traces that solve the same problem, shown to a judge in both orders.

A judge that leans to the first or the second place contradicts itself when the order is swapped, so a trace wins only
where both orders say so (Zheng and others 2023); how it contradicts itself is its position bias.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any, NamedTuple

from curation.prompting.judging import REASON, object_schema
from curation.prompting.replies import json_of
from curation.trace import content_id

CHOICES = ("A", "B", "neither")
SCHEMA = object_schema({REASON: {"type": "string"}, "better": {"type": "string", "enum": list(CHOICES)}})
REPLY = f'Reply with one JSON object: {{"{REASON}": "one or two sentences", "better": "A", "B" or "neither"}}'


class Pair(NamedTuple):
    """Two traces of one problem, by their ids."""

    one: str
    other: str


class Verdict(NamedTuple):
    """What both orders say: how much the one won (1, 0.5, 0), and whether the place decided.

    `first` is 1 where the trace shown first won both times, -1 where the second did; all is None where a reply could
    not be read.
    """

    won: float | None
    first: float | None


UNREAD = Verdict(None, None)


def pairs(rows: Sequence[Mapping[str, Any]], most: int, seed: int, across: bool, baseline: str = "") -> list[Pair]:
    """At most so many pairs of each problem, in an order fixed by the seed; `across` takes two models each.

    With a baseline, one of the two is by that model and the other is not. Rows have id, problem_id and model.
    """
    problems: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        problems.setdefault(row["problem_id"], []).append(row)
    chosen = []
    for problem in problems.values():
        ordered = sorted(problem, key=lambda row: (row["model"], row["id"]))
        found = [
            Pair(one["id"], other["id"])
            for one, other in combinations(ordered, 2)
            if not (across or baseline) or one["model"] != other["model"]
            if not baseline or baseline in (one["model"], other["model"])
        ]
        chosen += sorted(found, key=lambda pair: content_id(str(seed), *pair))[:most]
    return chosen


def better(text: str) -> str | None:
    """Which of A, B and neither a reply names."""
    said = str((json_of(text) or {}).get("better", "")).strip().casefold()
    return next((choice for choice in CHOICES if choice.casefold() == said), None)


def verdict(straight: str | None, swapped: str | None) -> Verdict:
    """What the replies to (one, other) and to (other, one) say together; a win needs both."""
    if straight is None or swapped is None:
        return UNREAD
    won = {("A", "B"): 1.0, ("B", "A"): 0.0}.get((straight, swapped), 0.5)
    first = {("A", "A"): 1.0, ("B", "B"): -1.0}.get((straight, swapped), 0.0)
    return Verdict(won, first)


class Record(NamedTuple):
    """A trace's comparisons: the share won, ties half, how many could be read, how many not, and the leaning."""

    won: float | None
    n: int
    unread: int
    first: float | None


def record(trace_id: str, judged: Sequence[tuple[Pair, Verdict]]) -> Record:
    """The record of one trace over the pairs it is in."""
    known = [(pair, found) for pair, found in judged if found.won is not None]
    won = [found.won if pair.one == trace_id else 1 - found.won for pair, found in known if found.won is not None]
    first = [found.first for _, found in known if found.first is not None]
    unread = len(judged) - len(known)
    return Record(fmean(won) if won else None, len(known), unread, fmean(first) if first else None)
