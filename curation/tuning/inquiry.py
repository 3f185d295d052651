"""Questions asked of a preview: what a recipe does to the mix, which rows went and why, which would come back."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from curation.application.arrays import Coded
from curation.application.memory import Memory
from curation.application.preview import Preview
from curation.application.result import Result
from curation.application.state import State
from curation.operator import METADATA, Annotator, CorpusAnnotator, Operator, ScoreType, column
from curation.table import LIGHT
from curation.trace import Trace
from curation.tuning.dials import Dial
from curation.tuning.shift import Fifth, Shift, fifths_of, lost_problems, shift

# what a selection may change without anybody noticing; the first of the lengths that is known on both sides
LENGTHS = ("n_tokens", "n_chars")
WATCHED: dict[str, ScoreType] = {
    "n_tokens": "number", "n_chars": "number", "difficulty": "number",
    "model": "category", "subject": "category", "language": "category", "dataset": "category",
}  # fmt: skip


class Mix(NamedTuple):
    """How the rows left differ from those at the start, and the problems lost by fifth of difficulty.

    `counted` is the step after which problems were counted: the last one whose counts are exact.
    """

    shifts: list[Shift]
    fifths: list[Fifth]
    counted: int


def mix(preview: Preview, result: Result, stored: Sequence[Operator]) -> Mix:
    """Compare what is left with the start, by metadata and by the stored scores."""
    memory, start, ended = result.memory, preview.apply(_measured(stored)).states[-1], result.states[-1]
    found = list[Shift]()
    for name, kind in WATCHED.items():
        if name in LENGTHS and found:
            continue
        before, after = _coded(memory, start, name), _left(memory, start, ended, name)
        if before and after:
            found.append(shift(name, kind, before.whole, after.of(memory.rows(ended))))
    counted = max((report.step for report in result.reports if not report.estimated), default=0)
    fifths = _fifths(memory, start, result.states[counted])
    return Mix([one for one in found if len(one.shares) > 1], fifths, counted)


def _table(state: State, name: str) -> str | None:
    return state.scores.get(name) or (state.base if name in LIGHT else None)


def _coded(memory: Memory, state: State, name: str) -> Coded | None:
    """A column of the rows of a state's base, where it is known."""
    table, kind = _table(state, name), "DOUBLE" if WATCHED[name] == "number" else "VARCHAR"
    return memory.arrays.coded(table, name, kind) if table else None


def _left(memory: Memory, start: State, ended: State, name: str) -> Coded | None:
    """A column of the rows of the last base; after a mapper difficulty is that of the problem at the start."""
    if ended.base == start.base:
        return _coded(memory, start, name)
    own, before = _coded(memory, ended, name), _coded(memory, start, name)
    if own or name != "difficulty" or not before:
        return own
    of_problem = np.zeros(memory.places(start).max(initial=0) + 1, before.places.dtype)
    of_problem[memory.places(start)] = before.places
    return Coded(before.values, of_problem[memory.places(ended)])


def _fifths(memory: Memory, start: State, counted: State) -> list[Fifth]:
    """Lost problems by difficulty; none where it is not known."""
    table = start.scores.get("difficulty")
    if not table:
        return []
    fifths = memory.arrays.made(f"fifths of {table}", [table], lambda: fifths_of(_of_problems(memory, start, table)))
    lost = np.ones(len(fifths.places), bool)
    left = memory.problems(counted)
    lost[: len(left)] = ~left
    return lost_problems(fifths, lost)


def _of_problems(memory: Memory, start: State, table: str) -> np.ndarray:
    """The difficulty of each problem, at its place."""
    places = memory.places(start)
    found = np.full(places.max(initial=0) + 1, np.nan)
    found[places] = memory.arrays.numbers(table, "difficulty")
    return found


def _measured(stored: Sequence[Operator]) -> list[Operator]:
    """The stored annotators of single traces and problems, each after those whose scores it reads."""
    waiting = [step for step in stored if isinstance(step, Annotator) and not isinstance(step, CorpusAnnotator)]
    known, chosen = set(METADATA), list[Operator]()
    while ready := [step for step in waiting if known.issuperset(step.needs())]:
        chosen += ready
        known |= {name for step in ready for name in step.adds()}
        waiting = [step for step in waiting if step not in ready]
    read = set(WATCHED) | {name for step in chosen for name in step.needs()}
    return [step for step in chosen if isinstance(step, Annotator) and read & set(step.adds())]


def dropped(result: Result, step: int, reason: str, n: int = 50) -> pa.Table:
    """Rows a step dropped or failed for this reason, a fixed choice: id, value."""
    query = (
        f"SELECT id, value FROM ({result.states[step].verdicts}) WHERE reason = $reason ORDER BY hash(id) LIMIT {n}"
    )
    return result.connection.sql(query, params={"reason": reason}).to_arrow_table()


def reaching(result: Result, step: int, n: int) -> list[Trace]:
    """Traces a mapper was applied to, at most n, with the segments it saw."""
    query = f"SELECT id FROM ({result.states[step].verdicts}) ORDER BY hash(id) LIMIT {n}"
    ids = {row[0] for row in result.connection.execute(query).fetchall()}
    traces, segments = result.texts(step, ids), result.memory.loaded_segments(result.states[step - 1])
    return result.segmented(traces, segments)


class Returning(NamedTuple):
    """Rows a changed selector would let back in (id, value, reason), and how many of them reach the end."""

    rows: pa.Table
    reach_end: int
    estimated: bool


def returning(preview: Preview, result: Result, step: int, changed: Operator) -> Returning:
    """Which rows come back when a selector is changed, and what the later steps leave of them."""
    rows = result.back(step, changed)
    steps = [*result.steps[: step - 1], changed, *result.steps[step:]]
    after = preview.apply(steps)
    if any(later.kind == "mapper" for later in result.steps[step:]):
        gained = after.reports[-1].rows - result.reports[-1].rows
        return Returning(rows, max(0, gained), after.reports[-1].estimated)
    after.connection.register("returning_rows", rows.select(["id"]))
    query = f"SELECT count(*) FROM returning_rows WHERE id IN (SELECT id FROM ({after.alive(len(after.steps))}))"
    count = after.connection.execute(query).fetchall()[0][0]
    return Returning(rows, int(count), after.reports[-1].estimated)


class Looser(NamedTuple):
    """From the present threshold to the farthest value it drops, in ascending order, and the middle of those."""

    low: float
    high: float
    median: float


def looser(result: Result, dial: Dial) -> Looser | None:
    """Where a threshold could go to let rows back in; None when it drops none."""
    side, compare = ("max", ">") if dial.keeps == "low" else ("min", "<")
    value = f"CAST({column(dial.score)} AS DOUBLE)"
    query = (
        f"SELECT {side}({value}), quantile_disc({value}, 0.5) FROM ({result.alive(dial.place)}) "
        f"WHERE isfinite({value}) AND {value} {compare} {dial.now!r}"
    )
    far, median = result.connection.execute(query).fetchall()[0]
    return None if far is None else Looser(min(far, dial.now), max(far, dial.now), median)


def at_threshold(step: Operator, field: str, value: float) -> Operator:
    """The step with another threshold."""
    return step.model_validate({**step.parameters(), field: value})


def undecided_by_people(steps: Sequence[Operator]) -> bool:
    """True when no step selects on what people decided."""
    return all("decision" not in step.needs() for step in steps)
