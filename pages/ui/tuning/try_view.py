"""A step that asks a model never runs inside a page: it is tried on a few rows, with what all of them would take."""

from collections import Counter
from typing import Any

import streamlit as st

from curation.application.result import Result
from curation.operator import Annotator, Operator
from curation.runs import ACTIVE, Run
from curation.trace import Trace
from curation.tuning import trying
from curation.tuning.estimate import Estimate
from curation.tuning.trying import FEWEST, MOST, Outcome, Tried
from curation.workspace import Workspace
from pages.ui.reading import side_by_side, trace_view
from pages.ui.reading.maths import inline, visible
from pages.ui.reading.provenance import money
from pages.ui.runs.run_panel import duration, panel
from pages.ui.state import errors, runs

SAID = {
    "changed": "rewritten",
    "kept": "left as it is",
    "dropped": "rejected",
    "failed": "failed",
    "scored": "measured",
}
SHOWN = ("Side by side", "Removed and added")
COLUMNS = {
    "Row": st.column_config.NumberColumn("Row", width=40),
    "Cost": st.column_config.NumberColumn("Cost", format="%.4g", width=70),
    "Prompt": st.column_config.NumberColumn("Prompt", width=64, help="Tokens of the prompts"),
    "Generated": st.column_config.NumberColumn("Generated", width=86, help="Tokens of the answers"),
}


def show(work: Workspace, result: Result, step: Operator, key: str) -> None:
    """Buttons beside the estimate, the run while it works, and what came of it."""
    run = trying.latest(work, step)
    state = run.status().state if run else None
    why = trying.stale(work, run, step, result) if run else None
    found = trying.outcome_of(run) if run else None
    buttons(work, result, step, key, state in ACTIVE)
    expected = trying.estimate(work, result, step, None if why else found)
    if expected:
        st.caption(inline(estimated(expected)))
    for other in runs(work, "annotate"):
        if other.status().state in ACTIVE:
            panel(other, f"{key}-all", curve=False)
    if run:
        panel(run, f"{key}-try", curve=False, note=f"out of date: {why}, so try again" if why else "")
        if state in ACTIVE and run.status().state not in ACTIVE:  # it finished while this was drawn
            st.rerun()
    if run and found:
        tried(found, f"{key}-{run.id}")


def buttons(work: Workspace, result: Result, step: Operator, key: str, active: bool) -> None:
    """How many rows to try; for what measures, also all of them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        count = st.number_input("Rows to try", FEWEST, MOST, FEWEST, key=f"{key}-rows", width=130)
        some = st.button(
            f"Try on {count} rows", key=f"{key}-start", type="primary", icon=":material/science:", disabled=active,
            help="What the model answers is kept: asking about all rows later does not pay for these again",
        )  # fmt: skip
        every = isinstance(step, Annotator) and st.button(
            "Measure all", key=f"{key}-all", icon=":material/straighten:",
            help="Asks about every row that reaches the step; then the funnel goes on",
        )  # fmt: skip
    with errors():
        if some:
            launch(trying.try_run(work, result, step, count))
        if every and isinstance(step, Annotator):
            launch(trying.measure_run(work, result, step))


def launch(run: Run) -> None:
    """Start a run and draw the page with it."""
    run.launch()
    st.rerun()


def estimated(found: Estimate) -> str:
    """An estimate in words, with what it rests on."""
    many = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
    took = amounts(found.calls, found.prompt_tokens, found.generated_tokens, found.cost)
    if not found.tried:
        return f"Not tried yet. If each of {many} is asked about once, at most: {took}."
    pace = f", {duration(found.seconds)} at the pace of the trial" if found.seconds is not None else ""
    return f"Estimate for {many}, from the {found.tried} tried: {took}{pace}."


def amounts(calls: int, prompt: int, generated: int, cost: float | None) -> str:
    """Calls, tokens and money in words."""
    asked = "1 call" if calls == 1 else f"{calls:,} calls"
    return f"{asked}, {prompt:,} prompt tokens, {generated:,} generated tokens, {money(cost)}"


def tried(found: Outcome, key: str) -> None:
    """What came of each row, all in one table and one of them with its text."""
    asked = found.asked
    kept = f"; {asked.calls - asked.paid} of the answers were kept from before" if asked.paid < asked.calls else ""
    st.caption(inline(f"{summary(found.rows)}: {amounts(*asked[:4])}{kept}"))
    st.dataframe(
        [line(place, row) for place, row in enumerate(found.rows, 1)], hide_index=True, height="content",
        row_height=29, column_config=COLUMNS, placeholder="unknown", alt="Rows that were tried", key=f"{key}-rows",
    )  # fmt: skip
    place = st.pagination(len(found.rows), key=f"{key}-row")
    one(found.rows[min(place, len(found.rows)) - 1], f"{key}-{place}")


def summary(rows: list[Tried]) -> str:
    """How many rows ended how."""
    counts = Counter(map(outcome, rows))
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def outcome(row: Tried) -> str:
    """How a row ended, in a word."""
    if row.verdict == "changed" and not any(child.parent_id == row.trace.id for child in row.after):
        return "written anew"
    return SAID[row.verdict]


def line(place: int, row: Tried) -> dict[str, Any]:
    """A row of the trial in the table."""
    return {
        "Row": place,
        "Outcome": outcome(row),
        "Why": visible(row.reason or ""),
        **{name: trace_view.shown(value) for name, value in row.scores.items()},
        "Prompt": row.asked.prompt_tokens,
        "Generated": row.asked.generated_tokens,
        "Cost": row.asked.cost,
    }


def one(row: Tried, key: str) -> None:
    """One row: the question, and what became of its trace, removed parts struck through."""
    trace_view.show_text(row.trace.question, "w-question")
    if row.reason:
        st.caption(inline(f"{outcome(row)}: {row.reason}"))
    made = [child for child in row.after if child.parent_id == row.trace.id]
    if made:
        changed(row.trace, made, key)
    for number, other in enumerate(child for child in row.after if child not in made):
        trace_view.show_trace(other, f"{key}-new-{number}")


def changed(before: Trace, after: list[Trace], key: str) -> None:
    """A trace and what was made of it: in two columns, or as what was removed and added."""
    how = st.segmented_control("Shown", SHOWN, default=SHOWN[0], required=True, key="try-shown", width="content")
    if how == SHOWN[0]:
        for child in after:
            st.html(side_by_side.table(before, child))
    else:
        trace_view.show_changes(before, after, key)
