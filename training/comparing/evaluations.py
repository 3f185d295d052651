"""Finished evaluations as they are compared: who was marked, on what, and how every problem went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.connection import BASE
from curation.errors import UserError
from curation.runs import Run
from training.student import TRAINED_ON

LIGHT = ["problem_id", "subject", "question", "reference", "correct", "no_answer", "n_tokens", "draft"]


class Answered(NamedTuple):
    """How a student did on one problem: of several attempts the shares and the mean."""

    problem_id: str
    question: str
    reference: str | None
    subject: str | None
    attempts: int
    right: float
    no_answer: float
    tokens: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One student on one benchmark with one strategy.

    `contaminated` counts the problems it was trained on, `overlapping` those it was trained on near copies of, None
    where that is not known; `seen` are all of those problems.
    """

    id: str
    folder: Path
    student: str
    student_run: Path | None
    benchmark: str
    strategy: str
    seed: int
    answers: Mapping[str, Answered]
    contaminated: int | None
    overlapping: int | None
    seen: frozenset[str]

    @property
    def name(self) -> str:
        """What it is called among others."""
        return f"{self.student}, {self.strategy}" + (f", seed {self.seed}" if self.seed else "")

    def clean(self) -> list[Answered]:
        """The problems it saw neither in training nor near copies of; none when it is not known which those are."""
        if (self.contaminated or 0) + (self.overlapping or 0) > len(self.seen):
            return []
        return [answer for answer in self.answers.values() if answer.problem_id not in self.seen]

    @property
    def attempts(self) -> int:
        """The most attempts at a problem."""
        return max((answer.attempts for answer in self.answers.values()), default=0)


def samples(run: Run, columns: list[str] | None = None) -> pa.Table:
    """The attempts of a finished evaluate run that count, so no drafts."""
    path = run.out / "samples.parquet"
    if run.request.kind != "evaluate":
        raise UserError(f"Run '{run.id}' is of kind {run.request.kind}; compare needs evaluate runs.")
    if not path.is_file():
        raise UserError(f"Run '{run.id}' has no samples yet: it is {run.status().state}; let it finish first.")
    known = pq.read_schema(path).names
    table = pq.read_table(path, columns=[name for name in columns or known if name in known])
    # runs of an older Winnow have no drafts
    return table.filter(pc.invert(pc.fill_null(table["draft"], False))) if "draft" in known else table


def attempts(run: Run, problem_id: str) -> list[dict[str, Any]]:
    """What the student wrote for one problem, attempt by attempt."""
    table = samples(run)
    return list(table.filter(pc.equal(table["problem_id"], problem_id)).to_pylist())


def evaluation(run: Run) -> Evaluation:
    """A finished evaluate run; UserError when it is none."""
    answers = _answers(samples(run, LIGHT))
    scores, inputs = run.result("scores.json") or {}, run.request.inputs
    name = str(scores.get("student", inputs.get("student", "")))
    trained = Path(inputs["student_run"]) if inputs.get("student_run") else None
    known = _trained_on(trained)
    listed = [*scores.get("contaminated_ids", ()), *scores.get("overlapping_ids", ())]
    # the benchmark's problems are counted anew: a run may have answered the first of them only
    contaminated = scores.get("contaminated") if known is None else len(known & answers.keys())
    return Evaluation(
        id=run.id,
        folder=run.folder,
        student=called(name, trained),
        student_run=trained,
        benchmark=str(scores.get("benchmark") or Path(inputs.get("benchmark", "")).stem),
        strategy=described(scores.get("strategy") or run.request.spec),
        seed=int(scores.get("seed", run.request.seed)),
        answers=answers,
        contaminated=contaminated,
        overlapping=scores.get("overlapping"),
        seen=frozenset(answers.keys() & {*(known or ()), *listed}),
    )


def called(name: str, trained: Path | None) -> str:
    """What people call a student: one trained here by its run's title."""
    if name == BASE:
        return "Shipped base"
    if trained and (trained / "run.json").is_file():
        return f"{Run(trained).request.title} ({trained.name[-4:]})"
    return name or "unknown student"


def described(strategy: Mapping[str, Any]) -> str:
    """A strategy and what it was given, in a few words."""
    given = [f"{key.replace('_', ' ')} {value}" for key, value in strategy.items() if key != "strategy"]
    return ", ".join([str(strategy.get("strategy", "unknown strategy")), *given])


def by_benchmark(found: Sequence[Evaluation]) -> dict[str, list[Evaluation]]:
    """The evaluations of each benchmark, the one with most of them first."""
    groups: dict[str, list[Evaluation]] = {}
    for one in found:
        groups.setdefault(one.benchmark, []).append(one)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _answers(table: pa.Table) -> dict[str, Answered]:
    table = table.set_column(
        table.column_names.index("correct"), "correct", pc.cast(table["correct"], pa.float64())
    ).set_column(table.column_names.index("no_answer"), "no_answer", pc.cast(table["no_answer"], pa.float64()))
    wanted = [("question", "first"), ("reference", "first"), ("subject", "first"), ("correct", "count"),
              ("correct", "mean"), ("no_answer", "mean"), ("n_tokens", "mean")]  # fmt: skip
    grouped = table.group_by("problem_id", use_threads=False).aggregate(wanted)
    order = ["problem_id", "question_first", "reference_first", "subject_first", "correct_count", "correct_mean",
             "no_answer_mean", "n_tokens_mean"]  # fmt: skip
    rows = zip(*(grouped[name].to_pylist() for name in order), strict=True)
    return {answer.problem_id: answer for answer in map(Answered._make, rows)}


def _trained_on(trained: Path | None) -> set[str] | None:
    """Ids of the problems a train run's student has seen; None where the run is gone or there is none."""
    path = trained / "out" / TRAINED_ON if trained else None
    return set(pq.read_table(path)["problem_id"].to_pylist()) if path and path.is_file() else None
