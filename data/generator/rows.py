"""The shipped rows: sample traces, their ground truth, the benchmark, and the files they go to."""

import gzip
import itertools
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.generator.problems import Problem, stream
from data.generator.teacher import LongTrace, write_concise, write_long

Row = dict[str, Any]

DATA = Path(__file__).resolve().parents[1]
STEPS = range(2, 7)
N_SAMPLES, N_BENCHMARK = 2_000, 600
SAMPLE_SEED, BENCHMARK_SEED, BASE_SEED = 0, 1_000_000, 2_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One problem with both forms of its solution."""

    problem: Problem
    long: LongTrace
    concise: str


def samples(count: int = N_SAMPLES) -> list[Sample]:
    """The first sample problems and their traces."""
    problems = itertools.islice(stream(SAMPLE_SEED, STEPS, 0.5), count)
    return [_sample(place, problem) for place, problem in enumerate(problems)]


def benchmark(taken: set[str], count: int = N_BENCHMARK) -> list[Problem]:
    """The first benchmark problems; none shares its question with `taken`."""
    problems = list(itertools.islice(stream(BENCHMARK_SEED, STEPS, 0.5, taken), count))
    assert_disjoint(taken, {problem.question for problem in problems})
    return problems


def held_out() -> set[str]:
    """The questions of samples and benchmark, which the base student must never see."""
    questions = {sample.problem.question for sample in samples()}
    return questions | {problem.question for problem in benchmark(questions)}


def assert_disjoint(first: set[str], second: set[str]) -> None:
    """Refuse sets of questions that overlap."""
    if shared := first & second:
        raise AssertionError(f"{len(shared)} questions are in both sets, for instance: {min(shared)}")


def trace_row(problem: Problem, generation: str, model: str) -> Row:
    """A sample trace as it is stored."""
    row = problem_row(problem)
    return {
        "question": row["question"],
        "generation": generation,
        "answer": row["answer"],
        "model": model,
        "split": "train",
        "subject": row["subject"],
        "steps": row["steps"],
    }


def problem_row(problem: Problem) -> Row:
    """A benchmark problem as it is stored."""
    return {
        "question": problem.question,
        "answer": str(problem.answer),
        "subject": problem.subject,
        "steps": len(problem.steps),
    }


def truth_row(problem: Problem, trace: LongTrace) -> Row:
    """The ground truth beside a sample trace; spans are characters of the text inside the think tags."""
    spans = [{"role": span.role, "kind": span.kind, "start": span.start, "end": span.end} for span in trace.spans]
    return {"question": problem.question, "noise": trace.noise, "spans": spans}


def write_samples(folder: Path = DATA) -> None:
    """Write the sample files and the benchmark below `folder`."""
    rows = samples()
    long = (trace_row(row.problem, row.long.generation, "demo-teacher") for row in rows)
    concise = (trace_row(row.problem, row.concise, "demo-teacher-concise") for row in rows)
    write_lines(folder / "samples/teacher_traces.jsonl.gz", long)
    write_lines(folder / "samples/concise_traces.jsonl.gz", concise)
    write_lines(folder / "samples/planted.jsonl.gz", (truth_row(row.problem, row.long) for row in rows))
    problems = benchmark({row.problem.question for row in rows})
    write_lines(folder / "benchmark/word_problems.jsonl", map(problem_row, problems))


def write_lines(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON lines, compressed where the name says so, the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def _sample(place: int, problem: Problem) -> Sample:
    rng = random.Random(f"teacher {place}")
    long = write_long(rng, problem)
    return Sample(problem, long, write_concise(rng, problem, long.sums, long.noise))
