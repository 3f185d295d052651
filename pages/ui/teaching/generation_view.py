"""A run that generates: its state, what arrived, how many are right, what it cost, and why answers failed."""

from typing import Any

import streamlit as st

from curation.generating.progress import Arrived, Progress, arrived, progress_of
from curation.intervals import wilson
from curation.query.filters import Filter
from curation.runs import ACTIVE, Run
from curation.tidying import Removable, size
from curation.workspace import Workspace
from pages.ui.reading.maths import visible
from pages.ui.runs.run_disk import ask
from pages.ui.runs.run_panel import POLL, panel
from pages.ui.teaching.estimates import amount, many
from pages.ui.teaching.generation_charts import endings

NEWEST = 5  # traces shown
LETTERS = 160  # of a question and of an answer
WORDS = {True: "right", False: "wrong", None: "unknown"}


def show(work: Workspace, run: Run) -> None:
    """A run with its numbers; both are kept up to date while it is active."""
    state = run.status().state
    with st.container(border=True):
        panel(run, "generate", curve=False, note=paused(run), stop="Pause")
        every = POLL if state in ACTIVE else None
        st.fragment(_numbers, run_every=every, key=f"generated-{run.id}-{state}")(run)
        if state == "done":
            _open(run)
        elif state not in ACTIVE:
            _discard(work, run)


def paused(run: Run) -> str:
    """What is said of a run that was paused."""
    if run.status().state != "cancelled":
        return ""
    return "paused; its traces come into the store when it is resumed and done"


def _numbers(run: Run) -> None:
    found = progress_of(run)
    if not found.answers:
        return
    numbers(found)
    if told := aside(found):
        st.caption(told)
    if found.ended and set(found.ended) != {"stop"}:
        st.plotly_chart(
            endings(found.ended), key=f"ended-{run.id}", config={"displayModeBar": False}, alt="How the answers ended"
        )
    newest = arrived(run, NEWEST)
    if newest:
        st.caption("Written last")
        st.dataframe(
            [line(one) for one in newest], key=f"newest-{run.id}", hide_index=True, height="content",
            placeholder="none", alt="The traces written last",
            column_config={"Answer": st.column_config.TextColumn("Answer", width=170)},
        )  # fmt: skip


def numbers(found: Progress) -> None:
    """Traces, share of right ones, pace and cost."""
    grid = st.grid(4, min_column_width=130)
    interval = wilson(found.accepted, found.judged)
    share = "unknown" if found.acceptance is None else f"{found.acceptance:.0%}"
    shown: list[tuple[str, str, str | None]] = [
        ("Traces", f"{found.traces:,}", f"{found.problems:,} of {found.total or 0:,} problems"),
        ("Right", share, f"{interval.low:.0%} to {interval.high:.0%}" if interval else None),
        ("Tokens a second", _pace(found), f"{many(found.generated_tokens or 0)} generated"),
        ("Cost", "unknown" if found.cost is None else amount(found.cost), _each(found)),
    ]
    for name, value, below in shown:
        with grid.cell():
            st.metric(name, value, below, delta_color="off", delta_arrow="off")


def _pace(found: Progress) -> str:
    return "unknown" if found.tokens_per_second is None else f"{found.tokens_per_second:,.0f}"


def _each(found: Progress) -> str | None:
    """The cost of a right trace, where answers were paid for."""
    if not found.cost or not found.accepted or found.kept:
        return None
    return f"{amount(found.cost / found.accepted)} a right trace"


def aside(found: Progress) -> str:
    """What became of the rest, in one line."""
    lost = ", ".join(f"{cause.replace('_', ' ')} {count:,}" for cause, count in sorted(found.failed.items()))
    parts = [
        ("no answer stated", found.unanswered, ""),
        ("cut off or never closed", found.cut, ""),
        ("could not be judged", found.traces - found.judged, ""),
        ("answers kept from before, at no cost", found.kept, ""),
        ("traces missing, their answer could not be used", found.missing, ""),
        ("problems left out for want of a reference answer", found.left_out, ""),
        ("problems that came to nothing", sum(found.failed.values()), f" ({lost})"),
    ]
    words = "; ".join(f"{name}: {count:,}{why}" for name, count, why in parts if count)
    return words[:1].upper() + words[1:]


def line(one: Arrived) -> dict[str, Any]:
    """A trace in the table; markup in it is text."""
    trace = one.trace
    return {
        "Marked": WORDS[one.right],
        "Answer": visible((trace.answer or trace.reasoning)[-LETTERS:].strip()),
        "Reference": visible(trace.problem.reference or "") or None,
        "Question": visible(trace.question[:LETTERS]),
    }


def traces_of(run: Run) -> Filter:
    """The filter that shows what a run wrote."""
    values = {"model": (str(run.request.spec["step"]["model"]),)}
    dataset = run.request.inputs.get("dataset")
    return Filter(values={**values, **({"dataset": (str(dataset),)} if dataset else {})})


def _open(run: Run) -> None:
    query = {"filter": traces_of(run).to_query()}
    with st.container(horizontal=True):
        st.page_link("pages/traces.py", label="Open the traces", icon=":material/notes:", query_params=query)
        st.page_link("pages/explore.py", label="Explore them", icon=":material/bar_chart:", query_params=query)
        st.page_link("pages/teachers.py", label="Compare teachers", icon=":material/school:")


def _discard(work: Workspace, run: Run) -> None:
    """The way out of a run nobody wants to go on with."""
    if st.button(
        "Discard", icon=":material/delete:", key=f"discard-{run.id}", help="Removes the run; kept answers stay"
    ):
        ask(work, [Removable(run, run.folder, size(run.folder))], "this run and what it wrote")
