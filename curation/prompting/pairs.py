"""Pairs of traces that solve the same problem, shown to a judge in both orders.

A judge that leans to the first or the second place contradicts itself when the order is swapped, so a trace wins only
where both orders say so (Zheng and others 2023); how it contradicts itself is its position bias.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
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
    """At most so many pairs of each problem, spread over its traces; the seed decides who meets whom.

    `across` takes two models each; with a baseline, one of the two is by that model and the other is not. Rows have
    id, problem_id and model.
    """
    problems: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        problems.setdefault(row["problem_id"], []).append(row)
    chosen: list[Pair] = []
    for problem in problems.values():
        met = _met(sorted(problem, key=lambda row: content_id(str(seed), row["id"])))
        fitting = (_pair(two) for two in met if _fits({row["model"] for row in two}, across, baseline))
        chosen += islice(fitting, most)
    return chosen


def _fits(models: set[str], across: bool, baseline: str) -> bool:
    return len(models) == 2 and baseline in models if baseline else len(models) == 2 or not across


def _met(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every two rows once: first all neighbours in the circle, then those two apart, and so on."""
    n = len(rows)
    for apart in range(1, n // 2 + 1):
        last = n // 2 if 2 * apart == n else n
        yield from ((rows[place], rows[(place + apart) % n]) for place in range(last))


def _pair(two: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Pair:
    one, other = sorted(two, key=lambda row: (row["model"], row["id"]))
    return Pair(one["id"], other["id"])


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
