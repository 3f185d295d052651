"""The evaluate task: benchmark x strategy -> out/samples.parquet and out/scores.json, part by part."""

import json
import time
from functools import lru_cache
from pathlib import Path
from statistics import mean, median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.answers import Extractor, compare, extract
from curation.benchmarking.card import AUTO, Verifier
from curation.intervals import wilson
from curation.job import Job
from curation.models import LanguageModel, TransformersModel
from curation.rendering import CLOSE, OPEN
from curation.runs import replace_text
from curation.table import parts, write_part
from training.benchmark import Benchmark, read
from training.contamination import report, seen
from training.memory import memory_error
from training.strategy import STRATEGIES, Attempt, Setting, Strategy
from training.student import Student, resolve

PART = 128  # problems; a cancelled or killed run loses at most these
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
    ]
)


def evaluate(job: Job) -> None:
    """Run the student on the benchmark; parts that exist are not run again."""
    inputs = job.request.inputs
    strategy = STRATEGIES.parse(job.request.spec)
    student = Student.from_inputs(inputs)
    whole = read(Path(inputs["benchmark"]))
    benchmark = whole.first(inputs.get("limit"))
    problems, folder = benchmark.problems, job.out / "samples"
    model = None
    for start in range(0, len(problems), PART):
        path = folder / f"part-{start // PART:05d}.parquet"
        if not path.exists():
            model = model or TransformersModel.open(student.path, student.adapter, batch_size=inputs.get("batch_size"))
            try:
                write_part(_solve(job, strategy, model, benchmark, start), path)
            except (MemoryError, RuntimeError) as error:
                raise memory_error(error, f"Lower the batch size ({model.batch_size}) or max_new_tokens") from error
        job.progress(min(start + PART, len(problems)), len(problems), "problems")
    table = pa.concat_tables([pq.read_table(path) for path in parts(folder)])
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


def _solve(job: Job, strategy: Strategy, model: LanguageModel, benchmark: Benchmark, start: int) -> pa.Table:
    began, problems = time.monotonic(), benchmark.problems
    chosen = problems[start : start + PART]

    def named(name: str) -> LanguageModel:
        student = resolve(name, job.run.folder.parent)
        return TransformersModel.open(student.path, student.adapter, batch_size=job.request.inputs.get("batch_size"))

    def done(count: int) -> None:
        job.progress(start + count, len(problems), "problems")

    attempts = strategy.solve(chosen, Setting(model, lru_cache(named), job.request.seed, done))
    seconds = (time.monotonic() - began) / len(chosen)
    rows = [grade(attempt, seconds, benchmark.verifier) for attempt in attempts]
    return pa.Table.from_pylist(rows, schema=SAMPLES)


def grade(attempt: Attempt, seconds: float | None = None, verifier: Verifier = AUTO) -> dict[str, Any]:
    """One attempt as a row of SAMPLES; `seconds` is the problem's share of its part's time."""
    problem, completion = attempt.problem, attempt.completion
    reference = problem.reference or ""
    complete = completion.finish_reason == "stop"
    read = final_answer(completion.text, reference, complete=complete, extractor=verifier.extractor)
    answer = attempt.answer if attempt.decided else read
    return {
        "problem_id": problem.id,
        "sample": attempt.sample,
        "subject": problem.subject,
        "question": problem.question,
        "reference": problem.reference,
        "output": completion.text,
        "answer": answer,
        "correct": answer is not None and compare(answer, reference, verifier.comparator).equal,
        "no_answer": answer is None,
        "n_tokens": completion.n_tokens if attempt.n_tokens is None else attempt.n_tokens,
        "finish_reason": completion.finish_reason,
        "seconds": seconds,
        "draft": attempt.draft,
        "facts": json.dumps(dict(attempt.facts)),
    }


def final_answer(text: str, reference: str, *, complete: bool, extractor: Extractor = "auto") -> str | None:
    """The answer given after the reasoning; a reasoning that never ends gives none."""
    _, closed, after = text.rpartition(CLOSE)
    if OPEN in text and not closed:
        return None
    # a bare last number of an answer that was cut off is a step, not a conclusion
    return extract(after if closed else text, extractor, reference, bare=complete)


def scores(table: pa.Table) -> dict[str, Any]:
    """Accuracy never alone: with its interval, tokens per answer and the share without an answer."""
    correct, tokens = table["correct"].to_pylist(), table["n_tokens"].to_pylist()
    n, right = len(correct), sum(correct)
    interval = wilson(right, n)
    return {
        "n": n,
        "correct": right,
        "accuracy": right / n if n else None,
        "accuracy_low": interval.low if interval else None,
        "accuracy_high": interval.high if interval else None,
        "mean_tokens": mean(tokens) if n else None,
        "median_tokens": median(tokens) if n else None,
        "tokens_per_correct": sum(tokens) / right if right else None,
        "no_answer_rate": sum(table["no_answer"].to_pylist()) / n if n else None,
        "cut_rate": table["finish_reason"].to_pylist().count("length") / n if n else None,
        "seconds": round(sum(table["seconds"].to_pylist()), 2),
    }
