"""The evaluate task: benchmark x strategy -> out/samples.parquet and out/scores.json, part by part."""

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from statistics import fmean, mean, median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.answers import Extractor, compare, extract
from curation.backends.kept import Kept
from curation.backends.transformers_model import TransformersModel
from curation.benchmarking.card import AUTO, Verifier
from curation.connection import Place, find
from curation.intervals import clustered
from curation.job import Job
from curation.models import CLOSE, OPEN, Completion, Done, LanguageModel, Streaming
from curation.runs import replace_text
from curation.table import parts, write_part
from training.answering.journal import Journal, Lazy
from training.answering.served import Whole
from training.answering.step_scorer import open_scorer
from training.benchmark import Benchmark, read
from training.comparing.contamination import report, seen
from training.running.memory import memory_error
from training.strategy import STRATEGIES, Attempt, Setting, Strategy
from training.student import Student, resolve

PART = 128  # problems; ours, the answers to these are journaled until they are graded
SAMPLES = pa.schema(
    [
        ("problem_id", pa.string()),
        ("sample", pa.int32()),
        ("subject", pa.string()),
        ("question", pa.large_string()),
        ("reference", pa.string()),
        ("output", pa.large_string()),
        ("answer", pa.string()),
        ("correct", pa.bool_()),
        ("no_answer", pa.bool_()),
        ("n_tokens", pa.int32()),
        ("finish_reason", pa.string()),
        ("seconds", pa.float32()),
        ("draft", pa.bool_()),
        ("facts", pa.string()),
        ("n_prompt_tokens", pa.int32()),
    ]
)


def evaluate(job: Job) -> None:
    """Run the student on the benchmark; parts that exist are not run again, nor are answers of an unfinished one."""
    inputs = job.request.inputs
    strategy = STRATEGIES.parse(job.request.spec)
    student = Student.from_inputs(inputs)
    whole = read(Path(inputs["benchmark"]))
    benchmark = whole.first(inputs.get("limit"))
    problems, folder = benchmark.problems, job.out / "samples"
    models = Models(job, student)
    for start in range(0, len(problems), PART):
        path = folder / f"part-{start // PART:05d}.parquet"
        journal = path.with_suffix(".jsonl")
        if not path.exists():
            try:
                write_part(_solve(models, strategy, benchmark, start, Journal(journal)), path)
            except (MemoryError, RuntimeError) as error:
                raise memory_error(error, f"Lower the batch size ({models.batch_size}) or max_new_tokens") from error
        journal.unlink(missing_ok=True)
        job.progress(min(start + PART, len(problems)), len(problems), "problems")
    table = pa.concat_tables([pq.read_table(path) for path in parts(folder)], promote_options="default")
    write_part(table, job.out / "samples.parquet")
    about = {
        "student": student.name,
        "benchmark": benchmark.name,
        "strategy": strategy.dump(),
        "seed": job.request.seed,
    }
    final = table.filter(pc.invert(table["draft"]))
    found = {
        **about,
        **scores(final),
        **strategy.measures(table),
        **report(final, seen(student, whole.problems), scores),
    }
    replace_text(job.out / "scores.json", json.dumps(found, indent=1))


class Models:
    """The models of one evaluation, each opened when it is first asked and kept."""

    def __init__(self, job: Job, student: Student) -> None:
        """Open nothing yet."""
        self.job, self.student, self.runs = job, student, job.run.folder.parent
        self.scorer = lru_cache(partial(open_scorer, runs=self.runs))
        self._opened: dict[str, TransformersModel] = {}

    @property
    def batch_size(self) -> int:
        """Prompts answered together by the model opened last."""
        return next((model.batch_size for model in reversed(self._opened.values())), 1)

    def journaled(self, student: Student, journal: Journal) -> LanguageModel:
        """A student whose answers are kept in the journal."""
        return Kept(Lazy(lambda: journal.untimed(lambda: self._open(student))), journal, _key(student))

    def setting(self, journal: Journal, done: Done, verifier: Verifier) -> Setting:
        """What a strategy is given."""
        return Setting(
            self.journaled(self.student, journal),
            lambda name: self.journaled(resolve(name, self.runs), journal),
            self.job.request.seed,
            done,
            self.scorer,
            verifier,
        )

    def _open(self, student: Student) -> Streaming:
        if student.connection:
            place = Place(self.runs.parent, self.job.stopping)
            return Whole(find(student.connection, place.root).open(student.connection, place).model, self.job.check)
        if _key(student) not in self._opened:
            size = self.job.request.inputs.get("batch_size")
            self._opened[_key(student)] = TransformersModel.open(student.path, student.adapter, batch_size=size)
        return self._opened[_key(student)]


def _key(student: Student) -> str:
    return f"{student.path} {student.adapter or ''}".strip()


def _solve(models: Models, strategy: Strategy, benchmark: Benchmark, start: int, journal: Journal) -> pa.Table:
    problems = benchmark.problems
    chosen = problems[start : start + PART]

    def done(count: int) -> None:
        models.job.progress(start + count, len(problems), "problems")

    attempts = strategy.solve(chosen, models.setting(journal, done, benchmark.verifier))
    return pa.Table.from_pylist(graded(attempts, journal.seconds, benchmark.verifier), schema=SAMPLES)


def graded(attempts: Sequence[Attempt], seconds: float, verifier: Verifier = AUTO) -> list[dict[str, Any]]:
    """Rows of SAMPLES; each attempt took its share of the time by the tokens generated for it."""
    rows = [grade(attempt, verifier=verifier) for attempt in attempts]
    counted = [row for row in rows if not row["draft"]]
    tokens = sum(row["n_tokens"] for row in counted)
    for row in rows:
        share = row["n_tokens"] / tokens if tokens else 1 / max(1, len(counted))
        row["seconds"] = seconds * share
    return rows


def grade(attempt: Attempt, seconds: float | None = None, verifier: Verifier = AUTO) -> dict[str, Any]:
    """One attempt as a row of SAMPLES; `seconds` is its share of its part's time."""
    problem, completion = attempt.problem, attempt.completion
    reference = problem.reference or ""
    answer = attempt.answer if attempt.decided else answer_of(completion, reference, verifier.extractor)
    prompt = completion.n_prompt_tokens if attempt.n_prompt_tokens is None else attempt.n_prompt_tokens
    correct = attempt.correct
    if correct is None:
        correct = answer is not None and compare(answer, reference, verifier.comparator).equal
    return {
        "problem_id": problem.id,
        "sample": attempt.sample,
        "subject": problem.subject,
        "question": problem.question,
        "reference": problem.reference,
        "output": completion.text,
        "answer": answer,
        "correct": correct,
        "no_answer": answer is None,
        "n_tokens": completion.n_tokens if attempt.n_tokens is None else attempt.n_tokens,
        "finish_reason": completion.finish_reason,
        "seconds": seconds,
        "draft": attempt.draft,
        "facts": json.dumps(dict(attempt.facts)),
        "n_prompt_tokens": prompt,
    }


def answer_of(completion: Completion, reference: str, extractor: Extractor = "auto") -> str | None:
    """The answer a completion gives; of one that was cut off only an answer marked as such."""
    return final_answer(completion.text, reference, complete=completion.finish_reason == "stop", extractor=extractor)


def final_answer(text: str, reference: str, *, complete: bool, extractor: Extractor = "auto") -> str | None:
    """The answer given after the reasoning; a reasoning that never ends gives none."""
    _, closed, after = text.rpartition(CLOSE)
    if OPEN in text and not closed:
        return None
    # a bare last number of an answer that was cut off is a step, not a conclusion
    return extract(after if closed else text, extractor, reference, bare=complete)


def scores(table: pa.Table) -> dict[str, Any]:
    """Accuracy never alone: with its interval, tokens per answer and the share without an answer.

    Several attempts at a problem are no independent ones, so the interval counts problems; `cost` is tokens read and
    generated, None where nobody counted those read.
    """
    correct, tokens, prompts = (table[name].to_pylist() for name in ("correct", "n_tokens", "n_prompt_tokens"))
    problems: dict[str, list[bool]] = {}
    for problem, right in zip(table["problem_id"].to_pylist(), correct, strict=True):
        problems.setdefault(problem, []).append(right)
    n, n_right = len(correct), sum(correct)
    interval = clustered(list(problems.values()))
    return {
        "n": n,
        "problems": len(problems),
        "correct": n_right,
        "accuracy": fmean(map(fmean, problems.values())) if n else None,
        "accuracy_low": interval.low if interval else None,
        "accuracy_high": interval.high if interval else None,
        "mean_tokens": mean(tokens) if n else None,
        "median_tokens": median(tokens) if n else None,
        "tokens_per_correct": sum(tokens) / n_right if n_right else None,
        "cost": None if None in prompts else sum(tokens) + sum(prompts),
        "no_answer_rate": sum(table["no_answer"].to_pylist()) / n if n else None,
        "cut_rate": table["finish_reason"].to_pylist().count("length") / n if n else None,
        "seconds": round(sum(table["seconds"].to_pylist()), 2),
    }
