"""The steps that drop rows: what is left of a base is an array of flags, and what a decision says of a row is kept.

A decision that needs no other row is asked about every row of the base once, so that moving the slider of one step
asks nothing of the steps after it.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb
import numpy as np

from curation.application.memory import Memory
from curation.application.state import State
from curation.operator import Decision, Selector, TableSelector, column

FEW = 0.02  # ours: share of a base, as of a sample, that is asked for itself sooner than all rows once


@dataclass(frozen=True, eq=False)
class DroppedRows:
    """The places of a base's rows that a selector drops, the number of each one's reason, and the reasons."""

    places: np.ndarray
    numbers: np.ndarray
    reasons: tuple[str | None, ...]

    def of(self, keep: np.ndarray) -> dict[str, int]:
        """How many of these rows it drops for each reason, the commonest first."""
        counts = np.bincount(self.numbers[keep[self.places]], minlength=len(self.reasons)).tolist()
        known = ((reason, n) for reason, n in zip(self.reasons, counts, strict=True) if reason is not None and n)
        return dict(sorted(known, key=lambda item: (-item[1], item[0])))


def select(memory: Memory, step: Selector, before: State) -> State:
    """Flag the rows a decision keeps; value, threshold and reason of each row are computed when somebody asks."""
    decision = step.decide()
    state = _without(memory, before, _decided(memory, step, decision, before))
    rows = before.select(step.needs(), stays=state.left)
    values = f"WITH rows AS ({rows}) SELECT pos, TRY_CAST(({decision.value}) AS DOUBLE) AS value FROM rows"
    return replace(state, verdicts=verdicts(decision, rows), values=values)


def verdicts(decision: Decision, rows: str) -> str:
    """A query of what a decision makes of rows of which it is known whether each `stays`."""
    return (
        f"WITH rows AS ({rows}) SELECT id, if(stays, 'kept', 'dropped') AS verdict, if(stays, NULL, "
        f"({decision.reason})) AS reason, NULL::VARCHAR[] AS became, ({decision.value}) AS value, "
        f"({decision.threshold})::VARCHAR AS threshold, if(stays, NULL, ({decision.other})::VARCHAR) AS other "
        "FROM rows"
    )


def verdicts_at(step: Selector, before: State, state: State, positions: list[int]) -> str:
    """A query of what a selector made of the rows of these `pos`; of these alone, where it needs no other row."""
    at = f"pos IN ({', '.join(map(str, positions))})"
    if isinstance(step, TableSelector) or not step.decide().alone:
        return f"SELECT * FROM ({state.verdicts}) WHERE id IN (SELECT id FROM {state.base} WHERE {at})"
    return verdicts(step.decide(), f"SELECT * FROM ({before.select(step.needs(), stays=state.left)}) WHERE {at}")


def judge(memory: Memory, step: TableSelector, before: State) -> State:
    """The step looks at all rows and says which to keep."""
    judged = step.judge(memory.table(before, step.needs(), step.needs_vectors))
    table = memory.create(
        f"verdict_{before.key}",
        f"SELECT b.pos, j.* REPLACE (coalesce(j.keep, FALSE) AS keep) FROM judged j JOIN {before.base} b USING (id)",
        judged=judged,
    )
    verdicts = (
        "SELECT id, if(keep, 'kept', 'dropped') AS verdict, reason, NULL::VARCHAR[] AS became, value, "
        f"threshold::VARCHAR AS threshold, other FROM {table}"
    )
    values = f"SELECT pos, TRY_CAST(value AS DOUBLE) AS value FROM {table}"
    state = _without(memory, before, _asked(memory, f"SELECT pos, reason FROM {table} WHERE NOT keep"))
    return replace(state, verdicts=verdicts, values=values)


def _without(memory: Memory, before: State, dropped: DroppedRows) -> State:
    keep = memory.keep(before).copy()
    counted = dropped.of(keep)
    keep[dropped.places] = False
    return replace(before, left=memory.flag(f"left_{before.key}", keep), dropped=counted)


def _decided(memory: Memory, step: Selector, decision: Decision, before: State) -> DroppedRows:
    """The rows a decision drops: of those left, or of the whole base where it needs no other row and many are left."""
    if decision.alone and len(memory.rows(before)) > FEW * len(memory.keep(before)):
        # a row that is gone may have a value that cannot be compared
        with suppress(duckdb.ConversionException):
            return _of_base(memory, step, decision, replace(before, left=None))
    if decision.rivals:
        rivals = _rivals(memory, decision, replace(before, left=None))
        before = replace(before, left=memory.flag(f"rivals_{before.key}", memory.keep(before) & rivals))
    return _asked(memory, _drops(step, decision, before))


def _of_base(memory: Memory, step: Selector, decision: Decision, whole: State) -> DroppedRows:
    tables = [whole.base, *(whole.scores.get(name, whole.base) for name in step.needs())]
    query = _drops(step, decision, whole)
    return memory.arrays.made(query, tables, lambda: _asked(memory, query))


def _rivals(memory: Memory, decision: Decision, whole: State) -> np.ndarray:
    """Flags of the rows of a base that share these columns with another one."""
    tables = [whole.base, *(whole.scores.get(name, whole.base) for name in decision.rivals)]
    columns = ", ".join(column(name) for name in decision.rivals)
    query = f"SELECT pos FROM ({whole.select(decision.rivals)}) QUALIFY count(*) OVER (PARTITION BY {columns}) > 1"
    return memory.arrays.made(query, tables, lambda: memory.at(whole, query))


def _drops(step: Selector, decision: Decision, before: State) -> str:
    return (
        f"WITH rows AS ({before.select(step.needs())}) SELECT pos, reason FROM (SELECT pos, ({decision.reason}) AS "
        f"reason, coalesce(({decision.keep}), FALSE) AS keep FROM rows) WHERE NOT keep"
    )


def _asked(memory: Memory, query: str) -> DroppedRows:
    """The rows of a query of `pos` and `reason`."""
    found = memory.arrow(query)
    reasons = found.column("reason").combine_chunks().dictionary_encode(null_encoding="encode")
    numbers = reasons.indices.to_numpy()
    numbers = numbers.astype(np.min_scalar_type(len(reasons.dictionary)))  # a million of them are kept at a time
    return DroppedRows(found.column("pos").to_numpy() - 1, numbers, tuple(reasons.dictionary.to_pylist()))
