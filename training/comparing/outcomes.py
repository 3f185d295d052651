"""What an evaluation left to look at: its answers, the strategy's own measures, accuracy by subject and by level."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from curation.intervals import wilson
from training.strategy import Strategy

Outcome = Literal["wrong", "no_answer", "cut", "right", "seen", "all"]
# what every evaluation says; the rest of its scores is what its strategy measured
COMMON = {
    "student", "benchmark", "strategy", "seed", "contaminated", "overlapping", "contaminated_ids", "overlapping_ids",
    "checked_sets", "clean", "n", "problems", "correct", "accuracy", "accuracy_low", "accuracy_high", "mean_tokens",
    "median_tokens", "tokens_per_correct", "cost", "no_answer_rate", "cut_rate", "seconds",
}  # fmt: skip
UNKNOWN = "unknown"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Measures(NamedTuple):
    """What a strategy measured: single numbers, and tables such as one row a budget."""

    numbers: dict[str, float | None]
    tables: dict[str, list[dict[str, Any]]]


class Group(NamedTuple):
    """The accuracy of some of the attempts, with its interval by problems."""

    name: str
    problems: int
    accuracy: float
    low: float
    high: float


def measures(scores: Mapping[str, Any]) -> Measures:
    """The part of scores.json that only its strategy says."""
    own = {name: value for name, value in scores.items() if name not in COMMON}
    tables = {name: value for name, value in own.items() if _is_table(value)}
    numbers = {name: value for name, value in own.items() if isinstance(value, int | float | None)}
    return Measures(numbers, tables)


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def repeats(numbers: Mapping[str, float | None]) -> list[dict[str, float]]:
    """pass@k and maj@k as rows by k; empty where there is only one k."""
    ks = sorted({int(name.partition("@")[2]) for name in numbers if name.startswith(("pass@", "maj@"))})
    rows = [{"k": k, **{kind: numbers[f"{kind}@{k}"] for kind in ("pass", "maj") if f"{kind}@{k}" in numbers}}
            for k in ks]  # fmt: skip
    return [{name: value for name, value in row.items() if value is not None} for row in rows] if len(ks) > 1 else []


def counted(samples: pa.Table) -> pa.Table:
    """The attempts that are no drafts."""
    return samples.filter(pc.invert(samples["draft"])) if "draft" in samples.column_names else samples


def chosen(samples: pa.Table, outcome: Outcome, seen: Sequence[str] = ()) -> pa.Table:
    """The attempts of one outcome in the order of the problems; of `all`, the wrong ones first."""
    if outcome == "all":
        wrong, right = (samples.filter(mask) for mask in (pc.invert(samples["correct"]), samples["correct"]))
        return pa.concat_tables([wrong, right])
    masks = {
        "wrong": pc.invert(samples["correct"]),
        "right": samples["correct"],
        "no_answer": samples["no_answer"],
        "cut": pc.equal(samples["finish_reason"], "length"),
        "seen": pc.is_in(samples["problem_id"], pa.array(seen, pa.string())),
    }
    return samples.filter(masks[outcome])


def groups(samples: pa.Table, names: Mapping[str, str | None]) -> list[Group]:
    """Accuracy by the group of each problem; empty where there is only one.

    Groups that carry a number, such as Level 3, are in its order, others the largest first.
    """
    problems: dict[str, list[bool]] = {}
    for problem, right in zip(samples["problem_id"].to_pylist(), samples["correct"].to_pylist(), strict=True):
        problems.setdefault(problem, []).append(right)
    members: dict[str, list[float]] = {}
    for problem, values in problems.items():
        members.setdefault(names.get(problem) or UNKNOWN, []).append(sum(values) / len(values))
    found = [_group(name, values) for name, values in members.items()]
    return sorted(found, key=_order(found)) if len(found) > 1 else []


def _order(found: Sequence[Group]) -> Callable[[Group], tuple[float, str]]:
    numbers = {group.name: NUMBER.search(group.name) for group in found if group.name != UNKNOWN}
    if not all(numbers.values()):
        return lambda group: (-group.problems, group.name)
    return lambda group: (float(number[0]) if (number := numbers.get(group.name)) else math.inf, group.name)


def _group(name: str, values: Sequence[float]) -> Group:
    """Several attempts at a problem count as one: the interval is that of so many problems."""
    interval = wilson(round(sum(values)), len(values))
    assert interval is not None
    mean = sum(values) / len(values)
    return Group(name, len(values), mean, min(interval.low, mean), max(interval.high, mean))


def subjects(samples: pa.Table) -> dict[str, str | None]:
    """The subject of each problem."""
    return dict(zip(samples["problem_id"].to_pylist(), samples["subject"].to_pylist(), strict=True))


def usual_tokens(strategy: Strategy, before: Sequence[Mapping[str, Any]]) -> float | None:
    """Tokens a problem cost in the last evaluation with the very same strategy, newest first; None without one."""
    wanted = strategy.dump()
    same = next((scores for scores in before if scores.get("strategy") == wanted and scores.get("mean_tokens")), None)
    if same is None:
        return None
    return float(same["mean_tokens"] * same["n"] / (same.get("problems") or same["n"]))
