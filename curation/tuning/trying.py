"""Trying a step that asks models on a few rows: a small run, what came of it, and whether it still holds."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from curation.application.needs import with_needs
from curation.application.result import Result
from curation.application.state import State
from curation.application.trial import PACE, ROWS, SCORES, TRACES, VERDICTS
from curation.backends.meter import UNPRICED, Price
from curation.connection import find
from curation.errors import UserError
from curation.generating.forecast import price_of
from curation.operator import OPERATORS, Annotator, CorpusAnnotator, Operator, Value
from curation.query.filters import Filter
from curation.runs import Request, Run, all_runs
from curation.table import from_table, read_batches, to_table, write_part
from curation.trace import Segment, Trace
from curation.tuning.estimate import Estimate, Tally, at_most, by_trial, tally
from curation.workspace import Workspace

FEWEST, MOST = 3, 10  # rows of a trial; ours
USAGE = "usage.jsonl"
ATTACHED = ("segments", "vector", "surprise")  # what annotators add beside scores


class Tried(NamedTuple):
    """One row of a trial: what was made of it or measured, why not, and what asking about it took."""

    trace: Trace
    verdict: str  # scored, changed, kept, dropped or failed
    reason: str | None
    after: list[Trace]
    scores: dict[str, Value]
    asked: Tally


class Outcome(NamedTuple):
    """The rows of a finished trial, what they took together, and how long."""

    rows: list[Tried]
    asked: Tally
    seconds: float


def next_step(result: Result, steps: Sequence[Operator]) -> Operator | None:
    """The step a preview stopped before, when it is one that asks models."""
    place = len(result.steps)
    return steps[place] if result.stopped and place < len(steps) and steps[place].asks() else None


def reaching(result: Result) -> int:
    """Rows that reach the step a preview stopped before; an estimate where the preview's counts are."""
    return result.reports[-1].rows if result.reports else result.count("count(*)")


def chosen(result: Result, step: Operator, rows: int) -> State:
    """The rows a step is tried on; one that compares rows gets those of the same problems."""
    return result.few(rows, together=isinstance(step, CorpusAnnotator))


def try_run(work: Workspace, result: Result, step: Operator, rows: int = FEWEST) -> Run:
    """The run of a step on a few of the rows that reach it, not launched yet."""
    state = chosen(result, step, min(max(rows, FEWEST), MOST))
    traces = result.taken(state)
    if not traces:
        raise UserError(f"No row reaches {step.title()}, so there is nothing to try it on: loosen a step before it.")
    connections = {name: find(name, work.root) for name in dict.fromkeys(step.asks())}
    inputs = {
        "ids": [trace.id for trace in traces],
        "models": {name: connection.dump() for name, connection in connections.items()},
        "light": not any(connection.here for connection in connections.values()),
    }
    title = f"Try {step.title()} on {len(traces)} rows"
    spec = {"step": {step.tag: step.title(), **step.parameters()}}
    with work.staged(Request(kind="try", worker="curation.worker", title=title, spec=spec, inputs=inputs)) as run:
        write_part(to_table(traces), run.folder / "in" / TRACES)
        write_part(result.memory.table(state, step.needs(), step.needs_vectors), run.folder / "in" / ROWS)
    return run


def latest(work: Workspace, step: Operator) -> Run | None:
    """The newest trial of just this step, else the newest of an earlier version of it."""
    runs = [run for run in all_runs(work.runs_root) if "-try-" in run.id]
    found = [run for run in runs if run.request.spec["step"].get(step.tag) == step.title()]
    same = [run for run in found if _key(run) == step.key()]
    return next(iter([*same, *found]), None)


def stale(work: Workspace, run: Run, step: Operator, result: Result) -> str | None:
    """Why a trial no longer tells what the step would do; None when it does."""
    request = run.request
    if _key(run) != step.key():
        return "the step or its prompt was changed since"
    ids = request.inputs["ids"]
    if set(ids) != result.ids(chosen(result, step, len(ids))):
        return "other rows reach the step now"
    connections = {name: find(name, work.root).dump() for name in dict.fromkeys(step.asks())}
    return None if connections == request.inputs["models"] else "the connection to its model was changed since"


def _key(run: Run) -> str | None:
    """The key of the step that was tried; None where an earlier version of the program had other fields."""
    try:
        return OPERATORS.parse(run.request.spec["step"]).key()
    except UserError:
        return None


def outcome_of(run: Run) -> Outcome | None:
    """What a finished trial found, row by row; None before it is finished."""
    if run.status().state != "done" or not (run.out / PACE).is_file():
        return None
    pace = json.loads((run.out / PACE).read_text(encoding="utf-8"))
    prices = {name: Price(*price) for name, price in pace["prices"].items()}
    lines = [json.loads(line) for line in _lines(run.out / USAGE)]
    traces = _traces(run.folder / "in" / TRACES)
    found = _mapped(run.out) if (run.out / VERDICTS).is_file() else _scored(run.out, traces)
    rows = [
        Tried(trace, *found[trace.id], tally([line for line in lines if line["row"] == trace.id], prices))
        for trace in traces
    ]
    return Outcome(rows, tally(lines, prices), float(pace["seconds"]))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _traces(path: Path) -> list[Trace]:
    return [trace for batch in read_batches([path]) for trace in from_table(batch)]


def _mapped(out: Path) -> dict[str, tuple[str, str | None, list[Trace], dict[str, Value]]]:
    made = {trace.id: trace for trace in _traces(out / TRACES)}
    rows = pq.read_table(out / VERDICTS).to_pylist()
    return {row["id"]: (row["verdict"], row["reason"], [made[i] for i in row["became"]], {}) for row in rows}


def _scored(out: Path, traces: Sequence[Trace]) -> dict[str, tuple[str, str | None, list[Trace], dict[str, Value]]]:
    rows, found = {row["id"]: row for row in pq.read_table(out / SCORES).to_pylist()}, {}
    for trace in traces:
        row = rows[trace.id]
        cut = tuple(Segment(one["start"], one["stop"], one["kind"]) for one in row.get("segments") or ())
        scores = {name: value for name, value in row.items() if name not in ("id", "failure", *ATTACHED)}
        verdict = "failed" if row["failure"] else "scored"
        found[trace.id] = (verdict, row["failure"], [replace(trace, segments=cut)] if cut else [], scores)
    return found


def estimate(work: Workspace, result: Result, step: Operator, tried: Outcome | None) -> Estimate | None:
    """What all rows that reach the step would take: by the trial where there is one, else at most."""
    rows = reaching(result)
    if tried:
        return by_trial(tried.asked, len(tried.rows), tried.seconds, rows)
    return at_most(step, result.taken(chosen(result, step, FEWEST)), rows, _price(work, step))


def most(work: Workspace, step: Annotator, rows: Filter) -> Estimate | None:
    """The most that measuring the filtered traces of the store can take; None for a step that asks nobody."""
    if not step.asks():
        return None
    traces = [trace for batch in work.store.traces(work.store.ids(rows, FEWEST)) for trace in batch]
    return at_most(step, traces, work.store.count(rows).rows, _price(work, step))


def _price(work: Workspace, step: Operator) -> Price:
    """The price of the step's model, where it asks one alone whose connection tells it."""
    names = list(dict.fromkeys(step.asks()))
    return price_of(find(names[0], work.root)) if len(names) == 1 else UNPRICED


def measure_run(work: Workspace, result: Result, step: Annotator) -> Run:
    """The run that asks about every row that reaches an annotator, not launched yet."""
    if any(report.kind == "mapper" for report in result.reports):
        raise UserError(
            f"{step.title()} measures traces that a step before it makes: freeze the set, and they are measured then."
        )
    if any(report.estimated for report in result.reports):
        missing = ", ".join(one.title() for one in work.missing_scores(result.steps))
        raise UserError(f"Measure {missing} first: until then nobody knows which rows reach {step.title()}.")
    steps = with_needs([step], work.store.annotations().values())
    spec = {"steps": [one.dump() for one in steps]}
    with work.staged(
        Request(kind="annotate", worker="curation.worker", title=f"Annotate: {step.title()}", spec=spec)
    ) as run:
        _stage(work, run.folder / "in", steps, result)
    return run


def _stage(work: Workspace, folder: Path, steps: Sequence[Annotator], result: Result) -> None:
    """Hand a worker the rows left, without segments, and what is stored of them: segments among it."""
    for number, batch in enumerate(result.traces()):
        plain = [replace(trace, segments=()) for trace in batch]
        write_part(to_table(plain), folder / f"part-{number:05d}.parquet")
    (folder / "known").mkdir()
    for step in steps:
        work.store.write_stored(step, folder / "known")
    work.store.write_labels(Filter(), folder / "known" / "labels.parquet")
