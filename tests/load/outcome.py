"""What is left when the researchers went home: labels pressed against labels kept, and what took how long."""

import math
import statistics
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from curation.labels import read_journal
from curation.query.filters import Filter
from curation.runs import all_runs
from curation.workspace import Workspace
from tests.load.acts import ROWS
from tests.load.session import Pressed, Session, Timed

SAMPLES = 4000  # traces of the sample workspace
PAGE_LOADS = ("open an address",)  # a whole page is loaded, so these are no reruns


class Labels(NamedTuple):
    """Decisions pressed, and those that the journal or the store does not hold."""

    pressed: int
    lost: list[Pressed]


def expected(pressed: Iterable[Pressed]) -> dict[str, list[str]]:
    """The decisions on each trace in order; saying what is said already is no change."""
    by_trace: dict[str, list[str]] = {}
    for trace, value in pressed:
        by_trace.setdefault(trace, []).append(value)
    return {trace: [value for value, _ in groupby(values)] for trace, values in by_trace.items()}


def labels(work: Workspace, sessions: Sequence[Session]) -> Labels:
    """Compare every decision with the lines of the journal, the events and the values of the store."""
    pressed = [one for session in sessions for one in session.pressed]
    kept: list[dict[str, list[str]]] = []
    for events in (read_journal(work.journal), reversed(work.events(limit=10**9))):
        kept.append(expected(Pressed(event.trace_id[:10], event.value or "") for event in events))
    values = {row["id"][:10]: row["decision"] for row in work.store.light(Filter()).to_pylist()}
    lost = [
        Pressed(trace, " then ".join(said))
        for trace, said in expected(pressed).items()
        if any(found.get(trace) != said for found in kept) or values.get(trace) != said[-1]
    ]
    return Labels(len(pressed), lost)


def broken(work: Workspace, sessions: Sequence[Session]) -> list[str]:
    """Runs that did not end well, and traces of imports that are not in the store."""
    states = [(run.id, run.status()) for run in all_runs(work.runs_root)]
    wrong = [f"run {name} is {status.state}: {status.error}" for name, status in states if status.state != "done"]
    asked, found = SAMPLES + ROWS * sum(len(s.imported) for s in sessions), work.store.count(Filter()).rows
    return [*wrong, *([f"{found} traces are in the store, not {asked}"] if found != asked else [])]


def logged(log: Path) -> list[str]:
    """The last line of every traceback in the server's log."""
    told = log.read_text(encoding="utf-8", errors="replace").split("Traceback (most recent call last)")[1:]
    return [f"server: {next((line for line in part.splitlines()[1:] if line[:1].strip()), part)}" for part in told]


def lines(times: Sequence[Timed]) -> list[str]:
    """The table: each act with how often, the middle, the 95th percentile and the longest, in milliseconds."""
    by_act: dict[str, list[float]] = {}
    for act, took in times:
        by_act.setdefault(act, []).append(took)
    out = [f"{'act':20} {'times':>6} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8}"]
    every = [("all reruns", reruns(times))] if reruns(times) else []
    for act, took in [*sorted(by_act.items()), *every]:
        out.append(f"{act:20} {len(took):6} {statistics.median(took):8.0f} {p95(took):8.0f} {max(took):8.0f}")
    return out


def reruns(times: Sequence[Timed]) -> list[float]:
    """What was done on a page that was there already."""
    return [took for act, took in times if act not in PAGE_LOADS]


def p95(took: Sequence[float]) -> float:
    """The 95th percentile; endless where nothing was done."""
    return sorted(took)[min(len(took) - 1, int(0.95 * len(took)))] if took else math.inf
