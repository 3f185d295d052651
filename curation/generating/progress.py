"""How far a run that generates is, read from its files: what a page shows while traces arrive."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from pydantic import Field

from curation.backends.meter import ENDED
from curation.generating.counts import FAILED, Counts
from curation.operator import OPERATORS, Annotator
from curation.runs import Run
from curation.table import from_table, parts
from curation.trace import Trace

NAMES = [*(name for name in Counts.model_fields if name not in ("problems", "failed")), "answers", "kept"]


class Progress(Counts):
    """Counts so far; what nobody knows is None.

    `problems` of `total` are finished; `ended` counts every answer by how it ended. Tokens and cost are those of
    answers paid by this run. Pace and time left rest on the session that is running or ran last, since a resumed run
    begins a new one.
    """

    total: int | None = None
    answers: int = 0
    kept: int = 0
    ended: dict[str, int] = Field(default_factory=dict)
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    cost: float | None = None
    tokens_per_second: float | None = None
    eta_seconds: float | None = None

    @property
    def acceptance(self) -> float | None:
        """The share of right traces among those that could be judged."""
        return self.accepted / self.judged if self.judged else None


class Arrived(NamedTuple):
    """A trace that was written, and whether it is right; None where nobody knows."""

    trace: Trace
    right: bool | None


def progress_of(run: Run) -> Progress:
    """How far the run is."""
    return summed(run.metrics())


def summed(lines: Sequence[Mapping[str, Any]]) -> Progress:
    """The progress that lines of metrics.jsonl tell."""
    last: dict[str, Any] = {}
    for line in lines:
        if "problems" in line or "answers" in line:  # causes that a resumed run got rid of are gone
            about = FAILED if "problems" in line else ENDED
            last = {name: value for name, value in last.items() if not name.startswith(about)}
        last |= line
    problems = last.get("problems", 0)
    pace, rate = _pace(lines, "generated_tokens"), _pace(lines, "problems")
    left = None if last.get("total") is None else last["total"] - problems
    return Progress(
        problems=problems,
        total=last.get("total"),
        **{name: last.get(name, 0) for name in NAMES},
        failed=_named(last, FAILED),
        ended=_named(last, ENDED),
        prompt_tokens=last.get("prompt_tokens"),
        generated_tokens=last.get("generated_tokens"),
        cost=last.get("cost"),
        tokens_per_second=pace,
        eta_seconds=0.0 if left == 0 else left / rate if left and rate else None,
    )


def arrived(run: Run, count: int) -> list[Arrived]:
    """The traces written last, the newest first; a few are read, however many there are."""
    measure = OPERATORS.parse(run.request.spec["measure"][0])
    assert isinstance(measure, Annotator)
    name = next(name for name in ("program_correct", "correct") if name in measure.adds())
    found: list[Arrived] = []
    for path in reversed(parts(run.out)):
        right = pq.read_table(run.out / measure.key() / path.name, columns=[name]).column(name).to_pylist()
        rows = zip(from_table(pq.read_table(path)), right, strict=True)
        found += [Arrived(*row) for row in reversed(list(rows))]
        if len(found) >= count:
            break
    return found[:count]


def _named(last: Mapping[str, Any], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): value for name, value in last.items() if name.startswith(prefix) and value}


def _time(line: Mapping[str, Any]) -> float:
    return float(line.get("time", 0.0))


def _pace(lines: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """How much a count grew a second in the run's last session: since the clock was last set back."""
    starts = [place for place, (one, other) in enumerate(pairwise(lines), 1) if _time(other) < _time(one)]
    start = starts[-1] if starts else 0
    before = [line[name] for line in lines[:start] if line.get(name) is not None]
    now = [line for line in lines[start:] if line.get(name) is not None]
    if not now or _time(now[-1]) <= _time(lines[start]):
        return None
    grown = now[-1][name] - (before[-1] if before else 0)
    return grown / (_time(now[-1]) - _time(lines[start])) if grown > 0 else None
