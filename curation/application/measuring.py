"""Counting what a step left and why rows went, for its report."""

from typing import NamedTuple

import numpy as np

from curation.application.memory import Memory
from curation.application.report import StepReport
from curation.application.state import State
from curation.operator import Operator

MOST_REASONS = 20
# numbers and ids in reasons, replaced so that equal kinds of reason count together
VARYING = r"\b[0-9a-f]{32}\b|-?\b\d+(\.\d+)?(e[-+]?\d+)?\b"


class Amount(NamedTuple):
    """How much a state leaves."""

    rows: int
    problems: int
    chars: int
    tokens: int | None


def measure(memory: Memory, number: int, step: Operator, before: State, state: State) -> StepReport:
    """The report of a step just taken."""
    verdicts, reasons = _verdicts(memory, step, state)
    return StepReport(
        step=number,
        op=step.title(),
        kind=step.kind,
        spec=step.dump(),
        rows_in=before.report.rows if before.report else amount(memory, before).rows,
        changed=state.scaled(verdicts.get("changed", 0)),
        failed=state.scaled(verdicts.get("failed", 0)),
        reasons={reason: state.scaled(n) for reason, n in reasons.items()},
        estimated=state.scale != 1.0,
        **_amount_after(memory, before, state)._asdict(),
    )


def _amount_after(memory: Memory, before: State, state: State) -> Amount:
    of_tokens = [one.scores.get("n_tokens") for one in (before, state)]
    if before.report and (before.base, before.left) == (state.base, state.left) and of_tokens[0] == of_tokens[1]:
        return Amount(before.report.rows, before.report.problems, before.report.chars, before.report.tokens)
    return amount(memory, state)


def amount(memory: Memory, state: State) -> Amount:
    """Count the rows left; tokens where every one's are known."""
    rows, counted = memory.rows(state), state.scores.get("n_tokens")
    chars = int(memory.arrays.numbers(state.base, "n_chars").take(rows).sum())
    tokens = memory.arrays.numbers(counted, "n_tokens").take(rows).sum() if counted and len(rows) else np.nan
    known = None if np.isnan(tokens) else state.scaled_text(int(tokens))
    problems = int(np.count_nonzero(memory.problems(state)))
    return Amount(state.scaled(len(rows)), state.scaled(problems), state.scaled_text(chars), known)


def _verdicts(memory: Memory, step: Operator, state: State) -> tuple[dict[str, int], dict[str, int]]:
    """Rows by verdict, and by kind of reason, the commonest first."""
    if step.kind == "selector":
        return {}, dict(list(state.dropped.items())[:MOST_REASONS])
    if not state.verdicts:
        return {}, {}
    found = memory.sql(
        f"SELECT verdict, regexp_replace(reason, '{VARYING}', '#', 'g') AS kind, count(*) AS n FROM "
        f"({state.verdicts}) GROUP BY ALL ORDER BY n DESC, kind"
    )
    verdicts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for verdict, reason, n in found:
        verdicts[verdict] = verdicts.get(verdict, 0) + n
        if reason is not None and (reason in reasons or len(reasons) < MOST_REASONS):
            reasons[reason] = reasons.get(reason, 0) + n
    return verdicts, reasons
