"""What a study found: one outcome for each combination of its knobs, over all its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from statistics import mean, variance
from typing import Any

import pyarrow.parquet as pq

from curation.intervals import Z95, Interval, wilson
from curation.runs import Run
from training.studies.study import Study


@dataclass(frozen=True, slots=True)
class Outcome:
    """One combination over its finished seeds; a number nothing is known of is None.

    The interval of the accuracy counts problems and seeds as drawn at random; with one seed it counts problems only.
    The difference is to the first combination's accuracy, problem by problem and seed by seed.
    """

    labels: tuple[str, ...]
    seeds: list[int]
    rows: int | None
    tokens_per_row: float | None
    accuracies: list[float]
    accuracy: float
    low: float
    high: float
    tokens_per_answer: float
    tokens_low: float
    tokens_high: float
    tokens_per_correct: float | None
    no_answer_rate: float
    train_tokens: float | None
    train_seconds: float | None
    evaluate_seconds: float
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None

    def against_first(self) -> str:
        """The difference to the first combination in words; nothing where there is none."""
        if self.difference is None:
            return ""
        return f"{self.difference:+.2f} ({self.difference_low:+.2f} to {self.difference_high:+.2f})"


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished cell: its labels and seed, and the scores and samples its runs left."""

    labels: tuple[str, ...]
    seed: int
    rows: int | None
    trained: Mapping[str, Any] | None
    evaluated: Run

    @property
    def samples(self) -> Path:
        """The samples of its evaluation."""
        return self.evaluated.out / "samples.parquet"


def outcomes(cells: Sequence[Finished]) -> list[Outcome]:
    """An outcome for each combination, in the order the cells come."""
    grouped: dict[tuple[str, ...], list[Finished]] = {}
    for cell in cells:
        grouped.setdefault(cell.labels, []).append(cell)
    found = [_outcome(labels, group) for labels, group in grouped.items()]
    bases = list(grouped.values())[:1]
    return found[:1] + [_compared(one, grouped[one.labels], *bases) for one in found[1:]]


def _compared(one: Outcome, group: Sequence[Finished], base: Sequence[Finished]) -> Outcome:
    """With its difference to the base over the seeds both finished; without, where they answered other problems."""
    own, other = ({cell.seed: per_problem(cell.samples) for cell in cells} for cells in (group, base))
    seeds = [seed for seed in own if seed in other and own[seed].keys() == other[seed].keys()]
    if not seeds:
        return one
    columns = [[own[seed][problem][0] - other[seed][problem][0] for problem in sorted(own[seed])] for seed in seeds]
    middle, half = mean(mean(column) for column in columns), Z95 * standard_error(columns)
    return replace(one, difference=middle, difference_low=middle - half, difference_high=middle + half)


def _outcome(labels: tuple[str, ...], group: Sequence[Finished]) -> Outcome:
    scored = [cell.evaluated.result("scores.json") or {} for cell in group]
    trained = [cell.trained for cell in group if cell.trained]
    columns = [per_problem(cell.samples) for cell in group]
    problems = sorted(columns[0])
    right = [[column[problem][0] for problem in problems] for column in columns]
    written = [[column[problem][1] for problem in problems] for column in columns]
    tokens = mean(mean(column) for column in written)
    accuracy, low, high = share(right)
    half = Z95 * standard_error(written)
    correct = sum(scores["correct"] for scores in scored)
    return Outcome(
        labels=labels,
        seeds=[cell.seed for cell in group],
        rows=group[0].rows,
        tokens_per_row=_mean([run["tokens_planned"] / run["rows_seen"] for run in trained if run.get("rows_seen")]),
        accuracies=[mean(column) for column in right],
        accuracy=accuracy,
        low=low,
        high=high,
        tokens_per_answer=tokens,
        tokens_low=max(0.0, tokens - half),
        tokens_high=tokens + half,
        tokens_per_correct=sum(s["mean_tokens"] * s["n"] for s in scored) / correct if correct else None,
        no_answer_rate=mean(scores["no_answer_rate"] for scores in scored),
        train_tokens=_mean([run["tokens"] for run in trained]),
        train_seconds=_mean([run["seconds"] for run in trained]),
        evaluate_seconds=mean(scores["seconds"] for scores in scored),
    )


@lru_cache(maxsize=2000)
def per_problem(samples: Path) -> dict[str, tuple[float, float]]:
    """Share of right attempts and mean tokens of each problem, drafts left out."""
    found: dict[str, list[tuple[bool, int]]] = {}
    for row in pq.read_table(samples, columns=["problem_id", "correct", "n_tokens", "draft"]).to_pylist():
        if not row["draft"]:
            found.setdefault(row["problem_id"], []).append((row["correct"], row["n_tokens"]))
    return {
        problem: (mean(float(right) for right, _ in attempts), mean(tokens for _, tokens in attempts))
        for problem, attempts in found.items()
    }


def standard_error(columns: Sequence[Sequence[float]]) -> float:
    """Of the mean over seeds (columns) and problems (their entries): both sources of variance added."""
    problems = [mean(values) for values in zip(*columns, strict=True)]
    seeds = [mean(column) for column in columns]
    between_problems = variance(problems) / len(problems) if len(problems) > 1 else 0.0
    between_seeds = variance(seeds) / len(seeds) if len(seeds) > 1 else 0.0
    return float((between_problems + between_seeds) ** 0.5)


def share(columns: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Mean of shares over problems and seeds, with Wilson's interval for the number of problems it is worth.

    That number is p (1 - p) / SE^2, as survey statistics do for clustered samples (Korn and Graubard 1998); where
    all answers are right or all wrong, it is the number of problems.
    """
    middle, error = mean(mean(column) for column in columns), standard_error(columns)
    worth = middle * (1 - middle) / error**2 if error else len(columns[0])
    low, high = wilson(middle * worth, worth) or Interval(0.0, 1.0)
    return middle, low, high


def _mean(values: Sequence[float]) -> float | None:
    return mean(values) if values else None


def plain(study: Study, found: Sequence[Outcome]) -> dict[str, Any]:
    """The study and its outcomes as plain values."""
    return {"study": study.dump(), "outcomes": [asdict(one) for one in found]}


def read_outcomes(values: Mapping[str, Any]) -> list[Outcome]:
    """The outcomes of plain values."""
    return [Outcome(**{**one, "labels": tuple(one["labels"])}) for one in values["outcomes"]]
