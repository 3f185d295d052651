"""A study: every curated set x seed trained and evaluated the same way, and what came out, set by set.

Each cell is an ordinary train run and an ordinary evaluate run; cells that are finished are not run again, those that
ended early are resumed, so the same command goes on where it stopped.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, variance
from typing import Any

import pyarrow.parquet as pq

from curation.console import follow
from curation.curated import CuratedSet
from curation.runs import Request, Run, all_runs, create, replace_text
from training.launch import evaluate_request, train_request
from training.objective import Objective
from training.strategy import Strategy
from training.student import Student, resolve
from training.study_chart import chart

Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Outcome:
    """One set over all seeds; the interval counts both problems and seeds as drawn at random."""

    name: str
    rows: int
    tokens_per_row: float
    accuracies: list[float]
    accuracy: float
    low: float
    high: float
    tokens_per_answer: float
    no_answer_rate: float
    train_seconds: float
    evaluate_seconds: float


@dataclass(frozen=True, slots=True)
class Study:
    """What is the same in every cell."""

    runs: Path
    student: Student
    objective: Objective
    strategy: Strategy
    benchmark: str

    def cell(self, curated: CuratedSet, seed: int) -> tuple[Run, Run]:
        """The finished train and evaluate runs of a set and a seed."""
        trained = self._finish(train_request(curated, self.objective, self.student, seed))
        student = resolve(trained.id, self.runs)
        return trained, self._finish(evaluate_request(student, self.benchmark, self.strategy, seed=seed))

    def _finish(self, request: Request) -> Run:
        same = [run for run in all_runs(self.runs) if run.request == request]
        run = next((run for run in same if run.status().state == "done"), None)
        if run is None:
            run = same[0] if same else create(self.runs, request)
            follow(run)
        return run

    def outcome(self, curated: CuratedSet, seeds: Sequence[int]) -> Outcome:
        """Train and evaluate a set with every seed, then sum up."""
        cells = [self.cell(curated, seed) for seed in seeds]
        trained = [run.result("scores.json") or {} for run, _ in cells]
        scored = [run.result("scores.json") or {} for _, run in cells]
        per_problem = [pq.read_table(run.out / "samples.parquet", columns=["correct"])["correct"] for _, run in cells]
        accuracies = [scores["accuracy"] for scores in scored]
        half = Z * standard_error([[float(right) for right in column.to_pylist()] for column in per_problem])
        return Outcome(
            name=curated.name,
            rows=curated.manifest.rows,
            tokens_per_row=mean(run["tokens_planned"] / run["rows_seen"] for run in trained),
            accuracies=accuracies,
            accuracy=mean(accuracies),
            low=max(0.0, mean(accuracies) - half),
            high=min(1.0, mean(accuracies) + half),
            tokens_per_answer=mean(scores["mean_tokens"] for scores in scored),
            no_answer_rate=mean(scores["no_answer_rate"] for scores in scored),
            train_seconds=mean(run["seconds"] for run in trained),
            evaluate_seconds=mean(scores["seconds"] for scores in scored),
        )


def standard_error(columns: Sequence[Sequence[float]]) -> float:
    """Of the mean over seeds (columns) and problems (their entries): both sources of variance added."""
    problems = [mean(values) for values in zip(*columns, strict=True)]
    seeds = [mean(column) for column in columns]
    between_problems = variance(problems) / len(problems) if len(problems) > 1 else 0.0
    between_seeds = variance(seeds) / len(seeds) if len(seeds) > 1 else 0.0
    return float((between_problems + between_seeds) ** 0.5)


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a Markdown table."""
    lines = [
        "| training set | rows | tokens a row | accuracy, 95 % interval | each seed | tokens per answer | no answer |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        seeds = " ".join(f"{value:.2f}" for value in one.accuracies)
        lines.append(
            f"| {one.name} | {one.rows:,} | {one.tokens_per_row:.0f} | **{one.accuracy:.2f}** {one.low:.2f} to "
            f"{one.high:.2f} | {seeds} | {one.tokens_per_answer:.0f} | {one.no_answer_rate:.1%} |"
        )
    return "\n".join(lines) + "\n"


def write(outcomes: Sequence[Outcome], about: dict[str, Any], out: Path) -> None:
    """Write study.json, table.md and chart.svg."""
    out.mkdir(parents=True, exist_ok=True)
    values = {**about, "outcomes": [asdict(one) for one in outcomes]}
    replace_text(out / "study.json", json.dumps(values, indent=1))
    replace_text(out / "table.md", table(outcomes))
    bars = [(one.name, one.accuracy, one.low, one.high, one.accuracies) for one in outcomes]
    replace_text(out / "chart.svg", chart(bars, "Accuracy on " + str(about["benchmark"])))
