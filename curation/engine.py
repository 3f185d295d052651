"""apply(steps, source, scratch) -> Result: the one engine of preview, worker, command line and tests.

Light columns and scores live in an in-memory database; text streams through annotators and mappers in batches and is
written to parquet parts under `scratch`, so memory stays constant and a relaunched application computes only the
parts that are missing. What a step leaves is kept under a hash of the steps up to it: a recipe of which one step
changed is applied anew only from there.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from curation.application.executors import Executor, Local
from curation.application.measuring import measure
from curation.application.memory import Memory, Progress, silent
from curation.application.passes import annotate, compare, hashed, map_traces, scored
from curation.application.result import Result
from curation.application.selecting import judge, select
from curation.application.sources import Source
from curation.application.state import State
from curation.asker import Asker
from curation.errors import UserError
from curation.operator import (
    Annotator,
    CorpusAnnotator,
    Mapper,
    Operator,
    QueryAnnotator,
    Selector,
    TableSelector,
    column,
)
from curation.recipe import check

# ours: a step that fails on more of its rows is a broken step, not broken rows; of a model half may fail, since what
# it cannot do is a finding, and every row was paid for
FAIL_LIMIT, FAIL_LIMIT_ASKING = 0.05, 0.5
KEPT = 100  # states; ours: a slider leaves one behind at each stop


def apply(
    steps: Sequence[Operator],
    source: Source,
    scratch: Path,
    executor: Executor | None = None,
    sample: int | None = None,
    progress: Progress = silent,
    asker: Asker | None = None,
) -> Result:
    """Apply steps to a source's traces.

    With `sample`, a step that has to read the text of more rows than that goes on with a fixed sample of them, and
    the counts from there on are estimates. Raises UserError for a recipe that cannot run or a step that fails on
    more than FAIL_LIMIT of its rows.
    """
    check(steps)
    application = Application(source, scratch, executor or Local(), sample, progress, asker)
    try:
        return Result(application.memory, list(steps), application.after(steps))
    except BaseException:
        application.memory.close()
        raise


class Application:
    """Recipes applied to one source: the states after each step, by a hash of the steps up to it."""

    def __init__(
        self,
        source: Source,
        scratch: Path,
        executor: Executor,
        sample: int | None,
        progress: Progress,
        asker: Asker | None = None,
    ) -> None:
        """Load the source's light columns; steps that ask models do so through the asker."""
        self.memory = Memory(scratch, executor, sample, progress, asker)
        base = self.memory.load("base_start", source.rows())
        self.start = State("start", base, source, "start")
        self.states: dict[str, State] = {}

    def after(self, steps: Sequence[Operator]) -> list[State]:
        """The state at the start and after each step."""
        found = [self.start]
        for number, step in enumerate(steps, 1):
            key = hashed(f"{found[-1].key} {step.key()}")
            if key not in self.states:
                self.states[key] = self._take(number, steps[number - 1 :], found[-1], key)
            found.append(self.states[key])
        self._forget(found[1:])
        return found

    def _forget(self, used: list[State]) -> None:
        """Drop the tables of the states longest unused; an earlier state counts as used after the later ones."""
        for state in reversed(used):
            self.states[state.key] = self.states.pop(state.key)
        for key in list(self.states)[: max(0, len(self.states) - KEPT)]:
            del self.states[key]
            self.memory.drop(key)

    def _take(self, number: int, steps: Sequence[Operator], before: State, key: str) -> State:
        """Apply the first of the steps and report it; the others may go on with what it reads."""
        step = steps[0]
        began, label = time.monotonic(), f"{number}. {step.title()}"
        try:
            state = self._apply(steps, replace(before, key=key, verdicts="", values="", dropped={}), label)
        except (duckdb.BinderException, duckdb.ConversionException) as error:
            raise UserError(f"Step {number} ({step.title()}) does not fit the scores it reads: {error}") from error
        report = measure(self.memory, number, step, before, state)
        if report.failed > _limit(step) * report.rows_in:
            raise self._broken(number, step, state, report.failed, report.rows_in)
        return replace(state, report=report.model_copy(update={"seconds": round(time.monotonic() - began, 3)}))

    def _apply(self, steps: Sequence[Operator], before: State, label: str) -> State:
        step, *ahead = steps
        if isinstance(step, QueryAnnotator):
            return self._query(step, before)
        if isinstance(step, CorpusAnnotator):
            return compare(self.memory, step, before, label)
        if isinstance(step, Annotator):
            return annotate(self.memory, step, before, label, ahead)
        if isinstance(step, Mapper):
            return map_traces(self.memory, step, before, label)
        if isinstance(step, TableSelector):
            return judge(self.memory, step, before)
        assert isinstance(step, Selector)
        return select(self.memory, step, before)

    def _query(self, step: QueryAnnotator, before: State) -> State:
        names = ", ".join(f"q.{column(name)}" for name in step.adds())
        table = self.memory.side(
            f"query_{before.key}",
            before.base,
            f"WITH rows AS ({before.select(step.needs())}) SELECT {names} FROM {before.base} b LEFT JOIN "
            f"({step.query()}) q USING (id) ORDER BY b.pos",
        )
        return scored(step, before, table)

    def _broken(self, number: int, step: Operator, state: State, failed: int, rows: int) -> UserError:
        reason = self.memory.sql(f"SELECT reason FROM ({state.verdicts}) WHERE verdict = 'failed' LIMIT 1")[0][0]
        limit = _limit(step)
        return UserError(
            f"Step {number} ({step.title()}) failed on {failed} of {rows} rows ({failed / rows:.0%}; the limit is "
            f"{limit:.0%}). First reason: {reason}. Mend the step's parameters or select other rows before it."
        )


def _limit(step: Operator) -> float:
    return FAIL_LIMIT_ASKING if step.asks() else FAIL_LIMIT
