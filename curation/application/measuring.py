"""Counting what a step left and why rows went, for its report."""

from collections.abc import Callable
from typing import Any, NamedTuple

from curation.application.report import StepReport
from curation.application.state import State
from curation.operator import Operator

Execute = Callable[[str], list[tuple[Any, ...]]]
MOST_REASONS = 20
# numbers and ids in reasons, replaced so that equal kinds of reason count together
VARYING = r"\b[0-9a-f]{32}\b|-?\b\d+(\.\d+)?(e[-+]?\d+)?\b"


class Left(NamedTuple):
    """How much a state leaves."""

    rows: int
    problems: int
    chars: int
    tokens: int | None


def measure(sql: Execute, number: int, step: Operator, before: State, state: State) -> StepReport:
    """The report of a step just taken; `sql` executes a query over the application's tables."""
    verdicts, reasons = _verdicts(sql, step, state)
    return StepReport(
        step=number,
        op=step.title(),
        kind=step.kind,
        spec=step.dump(),
        rows_in=before.report.rows if before.report else _left(sql, before).rows,
        changed=state.scaled(verdicts.get("changed", 0)),
        failed=state.scaled(verdicts.get("failed", 0)),
        reasons={reason: state.scaled(n) for reason, n in reasons.items()},
        estimated=state.scale != 1.0,
        **_left_after(sql, before, state)._asdict(),
    )


def _left_after(sql: Execute, before: State, state: State) -> Left:
    if before.report and state.same_rows(before):
        return Left(before.report.rows, before.report.problems, before.report.chars, before.report.tokens)
    return _left(sql, state)


def _left(sql: Execute, state: State) -> Left:
    tokens = "if(count(n_tokens) = count(*), sum(n_tokens), NULL)" if "n_tokens" in state.scores else "NULL"
    rows, problems, chars, n_tokens = sql(
        f"SELECT count(*), count(DISTINCT problem_pos), coalesce(sum(n_chars), 0), {tokens} "
        f"FROM ({state.left or state.select(['n_tokens'])})"
    )[0]
    known = None if n_tokens is None else state.scaled_text(n_tokens)
    return Left(state.scaled(rows), state.scaled(problems), state.scaled_text(chars), known)


def _verdicts(sql: Execute, step: Operator, state: State) -> tuple[dict[str, int], dict[str, int]]:
    """Rows by verdict, and by kind of reason, the commonest first."""
    if not state.verdicts:
        return {}, {}
    kind = "reason" if step.kind == "selector" else f"regexp_replace(reason, '{VARYING}', '#', 'g')"
    found = sql(
        f"SELECT verdict, {kind} AS kind, count(*) AS n FROM ({state.reasons or state.verdicts}) GROUP BY ALL "
        "ORDER BY n DESC, kind"
    )
    verdicts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for verdict, reason, n in found:
        verdicts[verdict] = verdicts.get(verdict, 0) + n
        if reason is not None and (reason in reasons or len(reasons) < MOST_REASONS):
            reasons[reason] = reasons.get(reason, 0) + n
    return verdicts, reasons
