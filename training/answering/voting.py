"""Votes over answers, and how often some of several attempts would do."""

from collections.abc import Sequence
from math import comb
from statistics import fmean
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from curation.answers import compare, numeric

Tie = Literal["first", "shortest", "abstain"]


class Winner(NamedTuple):
    """The place of the answer that stands for the winners, None without one; how many agreed, and whether it tied."""

    place: int | None
    votes: int
    tied: bool


def alike(answers: Sequence[str | None]) -> list[list[int]]:
    """Places of answers that say the same, such as 1/2 and 0.50; no answer is alike none."""
    groups: list[list[int]] = []
    for place, answer in enumerate(answers):
        if answer is None:
            continue
        same = next((group for group in groups if _same(answer, answers[group[0]] or "")), None)
        if same is None:
            groups.append([place])
        else:
            same.append(place)
    return groups


def plurality(answers: Sequence[str | None], tie: Tie = "first", lengths: Sequence[int] = ()) -> Winner:
    """The answer most gave; of several, the one given first, the one that took the fewest tokens, or none."""
    groups = alike(answers)
    most = max(map(len, groups), default=0)
    best = [group for group in groups if len(group) == most]
    if not best or (len(best) > 1 and tie == "abstain"):
        return Winner(None, most, len(best) > 1)
    places = [place for group in best for place in group]
    place = min(places, key=lambda one: (lengths[one], one)) if tie == "shortest" and lengths else min(places)
    return Winner(place, most, len(best) > 1)


def pass_at(n: int, correct: int, k: int) -> float:
    """The share of k-subsets of n attempts with a correct one among them (Chen et al. 2021, equation 1)."""
    return 1 - comb(n - correct, k) / comb(n, k)


def counts(n: int) -> list[int]:
    """1, 2, 4 and so on up to n, and n."""
    return sorted({n, *(2**power for power in range(n.bit_length()) if 2**power <= n)})


def by_problem(table: pa.Table) -> list[list[dict[str, Any]]]:
    """Rows of SAMPLES, problem by problem."""
    problems: dict[str, list[dict[str, Any]]] = {}
    for row in table.select(["problem_id", "reference", "answer", "correct", "n_tokens"]).to_pylist():
        problems.setdefault(row["problem_id"], []).append(row)
    return list(problems.values())


def repeated(table: pa.Table, tie: Tie = "first") -> dict[str, float]:
    """avg@n, pass@k and maj@k of attempts at the same problems; maj@k is the vote of the first k."""
    problems = by_problem(table)
    n = min(map(len, problems), default=0)
    if n == 0:
        return {}
    right = [sum(row["correct"] for row in rows[:n]) for rows in problems]
    found = {f"avg@{n}": fmean(correct / n for correct in right)}
    found |= {f"pass@{k}": fmean(pass_at(n, correct, k) for correct in right) for k in counts(n)}
    return found | {f"maj@{k}": fmean(_majority(rows[:k], tie) for rows in problems) for k in counts(n)}


def vote_at(drafts: pa.Table, members: Sequence[int], tie: Tie) -> dict[str, float]:
    """maj@k: how often the vote of the first k answers of each member is right; `members` are as many votes each."""
    ranks = [rank for votes in members for rank in range(votes)]
    return {
        f"maj@{k}": fmean(
            _majority([row for row, rank in zip(rows, ranks, strict=True) if rank < k], tie)
            for rows in by_problem(drafts)
        )
        for k in counts(max(members))
    }


def _majority(rows: Sequence[dict[str, Any]], tie: Tie) -> bool:
    winner = plurality([row["answer"] for row in rows], tie, [row["n_tokens"] for row in rows])
    return winner.place is not None and bool(rows[winner.place]["correct"])


def _same(one: str, other: str) -> bool:
    left, right = numeric(one), numeric(other)
    if left is not None and right is not None:
        return compare(one, other, "numeric").equal
    return one == other or compare(one, other).equal
