"""Questions asked of a preview: what a recipe does to the mix, which rows went and why, which would come back."""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from curation.application.preview import Preview
from curation.application.result import Result
from curation.application.state import State
from curation.operator import METADATA, Annotator, CorpusAnnotator, Operator, ScoreType, column
from curation.table import LIGHT
from curation.trace import Trace
from curation.tuning.dials import Dial
from curation.tuning.shift import Fifth, Shift, lost_problems, shifts

# what a selection may change without anybody noticing; the first of the lengths that is known on both sides
LENGTHS = ("n_tokens", "n_chars")
WATCHED: dict[str, ScoreType] = {
    "difficulty": "number", "model": "category", "subject": "category", "language": "category", "dataset": "category",
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
    before = preview.apply(_measured(stored)).states[-1]
    whole = f"FROM {_started(result, before)}"
    ended = result.states[-1]
    if any(step.kind == "mapper" for step in result.steps):
        after = _of_problem(result, whole, f"SELECT {NUMBERED} FROM ({ended.select()})")
    else:  # positions hold until a mapper makes new rows
        after = f"{whole} WHERE pos IN ({ended.kept})" if ended.kept else whole
    # looked at several times, so once
    result.connection.execute(f"CREATE OR REPLACE TEMP TABLE mix_after AS {after}")
    known = set(_names(result, whole)) & set(_names(result, "FROM mix_after"))
    length = next(name for name in LENGTHS if name in known)
    watched: dict[str, ScoreType] = {length: "number", **WATCHED}
    found = [shift for shift in shifts(result.connection, whole, "FROM mix_after", watched) if len(shift.shares) > 1]
    counted = max((report.step for report in result.reports if not report.estimated), default=0)
    left = f"SELECT {NUMBERED} FROM ({result.states[counted].select(())})"
    return Mix(found, lost_problems(result.connection, whole, left), counted)


# problems told by the place of their first row: whole numbers are grouped faster than ids
NUMBERED = "* EXCLUDE (problem_id, problem_pos), problem_pos AS problem_id"


def _started(result: Result, before: State) -> str:
    """The table of what is compared of the rows at the start, made once for all recipes."""
    names = [*LIGHT, *before.scores]
    kept = ", ".join(column(name) for name in (*LENGTHS, *WATCHED) if name in names)
    table = f"mix_{before.key}"
    result.memory.once(table, f"SELECT pos, problem_pos AS problem_id, {kept} FROM ({before.select()})")
    return table


def _of_problem(result: Result, whole: str, ends: str) -> str:
    """The rows left after a mapper, with the difficulty of their problem where the recipe did not carry it."""
    if "difficulty" in _names(result, ends) or "difficulty" not in _names(result, whole):
        return ends
    rated = f"SELECT problem_id, any_value(difficulty) AS difficulty FROM ({whole}) GROUP BY problem_id"
    return f"SELECT * FROM ({ends}) LEFT JOIN ({rated}) USING (problem_id)"


def _names(result: Result, query: str) -> list[str]:
    return [row[0] for row in result.connection.execute(f"DESCRIBE {query}").fetchall()]


def _measured(stored: Sequence[Operator]) -> list[Operator]:
    """The stored annotators of single traces and problems, each after those whose scores it reads."""
    waiting = [step for step in stored if isinstance(step, Annotator) and not isinstance(step, CorpusAnnotator)]
    known, chosen = set(METADATA), list[Operator]()
    while ready := [step for step in waiting if known.issuperset(step.needs())]:
        chosen += ready
        known |= {name for step in ready for name in step.adds()}
        waiting = [step for step in waiting if step not in ready]
    watched = {*LENGTHS, *WATCHED}
    read = watched | {name for step in chosen for name in step.needs()}
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
    result.connection.register("returning_rows", rows.select(["id"]))
    query = f"SELECT count(*) FROM returning_rows WHERE id IN (SELECT id FROM ({after.alive(len(after.steps))}))"
    count = result.connection.execute(query).fetchall()[0][0]
    result.connection.unregister("returning_rows")
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
