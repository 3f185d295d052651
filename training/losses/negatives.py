"""Wrong answers drawn from a student, refreshed before every stage of training.

Before a stage each of a problem's k places takes its negative, with probability phi, from the newest student, else
from the initial one (ORPO-Distill, "mixed policy"). The initial student is asked once, before the first stage. Every
draw is kept with its verdict in out/negatives/STAGE/part-*.parquet; a part that exists is not drawn again, and the
first stage's parts are the initial student's answers.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from curation.answers import compare
from curation.comparing.rouge import near, words
from curation.exports.render import render_completion
from curation.models import Completion, Done, LanguageModel, Request, ask
from curation.table import parts, write_part
from curation.trace import Problem, Trace
from training.evaluate import final_answer
from training.objective import Progress
from training.running.processes import falls_to_me, is_first, wait_for_all

PART = 64  # problems; a killed run draws at most these again
Verdict = Literal["kept", "right", "empty", "near_copy"]
Source = Literal["initial", "latest"]
SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("place", pa.int32()),
        ("text", pa.large_string()),
        ("answer", pa.string()),
        ("verdict", pa.string()),
        ("negative_source", pa.string()),
        ("checkpoint", pa.int32()),
    ]
)
Draw = dict[str, Any]  # a row of SCHEMA; `checkpoint` counts the stages its student was trained


@dataclass(frozen=True, slots=True)
class Sampling:
    """How negatives are drawn."""

    k: int
    phi: float
    temperature: float
    max_new_tokens: int
    rouge_max: float
    instruction: str
    seed: int


def sources(problem_id: str, stage: int, how: Sampling) -> list[Source]:
    """Which student each of a problem's places is drawn from."""
    rng = random.Random(f"negatives {how.seed} {stage} {problem_id}")
    return ["latest" if rng.random() < how.phi else "initial" for _ in range(how.k)]


def refresh(
    model: LanguageModel, problems: Sequence[Problem], stage: int, how: Sampling, folder: Path, progress: Progress
) -> list[Draw]:
    """All draws of a stage, in the order of problems and places; `model` is the student the stage starts from."""
    pool = {(row["problem_id"], row["place"]): row for row in read(folder / "0")} if stage else {}
    for number, start in enumerate(range(0, len(problems), PART)):
        path = folder / str(stage) / f"part-{number:05d}.parquet"
        if falls_to_me(number) and not path.exists():
            chosen = problems[start : start + PART]

            def done(count: int, before: int = start * how.k) -> None:
                if is_first():
                    progress(before + count, len(problems) * how.k, "negatives")

            rows = _draw(model, chosen, stage, how, pool, done)
            write_part(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    wait_for_all()
    return read(folder / str(stage))


def read(folder: Path) -> list[Draw]:
    """The draws of a stage's folder."""
    return [row for path in parts(folder) for row in pq.read_table(path).to_pylist()]


def kept(draws: Sequence[Draw]) -> dict[str, list[Draw]]:
    """The negatives of each problem."""
    found: dict[str, list[Draw]] = {}
    for draw in draws:
        if draw["verdict"] == "kept":
            found.setdefault(draw["problem_id"], []).append(draw)
    return found


def distinct(traces: Sequence[Trace], k: int, rouge_max: float) -> list[Trace]:
    """The first k traces of which none is too near to one before it."""
    found: list[Trace] = []
    seen: list[list[str]] = []
    for trace in traces:
        text = words(render_completion(trace))
        if len(found) < k and not near(text, seen, rouge_max):
            found.append(trace)
            seen.append(text)
    return found


def _draw(
    model: LanguageModel,
    problems: Sequence[Problem],
    stage: int,
    how: Sampling,
    pool: Mapping[tuple[str, int], Draw],
    done: Done,
) -> list[Draw]:
    chosen = {problem.id: sources(problem.id, stage, how) for problem in problems}
    asked = [
        (problem, place)
        for problem in problems
        for place, source in enumerate(chosen[problem.id])
        if stage == 0 or source == "latest"
    ]
    given = model.complete([_request(problem, place, stage, how) for problem, place in asked], done)
    answers = {
        (problem.id, place): _read(problem, place, completion, stage)
        for (problem, place), completion in zip(asked, given, strict=True)
    }
    return [row for problem in problems for row in _judged(problem, chosen[problem.id], pool, answers, how)]


def _request(problem: Problem, place: int, stage: int, how: Sampling) -> Request:
    seed = random.Random(f"{how.seed} {stage} {problem.id} {place}").getrandbits(31)
    return Request(ask(problem.question, how.instruction), how.max_new_tokens, how.temperature, seed)


def _read(problem: Problem, place: int, completion: Completion, stage: int) -> Draw:
    answer = final_answer(completion.text, problem.reference or "", complete=completion.finish_reason == "stop")
    right = answer is not None and compare(answer, problem.reference or "").equal
    verdict: Verdict = "right" if right else "kept" if words(completion.text) else "empty"
    return {
        "problem_id": problem.id,
        "place": place,
        "text": completion.text,
        "answer": answer,
        "verdict": verdict,
        "checkpoint": stage,
    }


def _judged(
    problem: Problem,
    chosen: Sequence[Source],
    pool: Mapping[tuple[str, int], Draw],
    answers: Mapping[tuple[str, int], Draw],
    how: Sampling,
) -> Iterator[Draw]:
    """A problem's draws with their source; a wrong one too near to an accepted one is a near-copy."""
    accepted: list[list[str]] = []
    for place, source in enumerate(chosen):
        draw = answers.get((problem.id, place)) or pool[problem.id, place]
        verdict = draw["verdict"]
        if verdict in ("kept", "near_copy"):
            text = words(draw["text"])
            verdict = "near_copy" if near(text, accepted, how.rouge_max) else "kept"
            accepted += [text] if verdict == "kept" else []
        yield {**draw, "verdict": verdict, "negative_source": source}
