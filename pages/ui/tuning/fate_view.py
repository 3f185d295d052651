"""Asking the verdicts: why is this row gone, and which rows come back at another threshold."""

import streamlit as st

from curation.application.ledger import Fate
from curation.application.result import Result
from curation.tuning import inquiry
from curation.tuning.dials import dials
from curation.workspace import Workspace
from pages.ui.exploring import charts
from pages.ui.reading.maths import inline
from pages.ui.state import put
from pages.ui.tuning import preview

ASKED = "asked-trace"
LISTED = 50


def why(work: Workspace, result: Result) -> None:
    """What each step did to one trace; chosen by its id, or from the rows a step dropped for a reason."""
    reasons = [
        (report.step, report.op, reason, rows) for report in result.reports for reason, rows in report.reasons.items()
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            "Rows dropped because", range(len(reasons)), None, key="why-reason", placeholder="Choose a reason",
            format_func=lambda n: f"{reasons[n][0]}. {reasons[n][1]}: {reasons[n][2]} ({reasons[n][3]:,})",
        )  # fmt: skip
        asked = st.text_input("Trace id", st.session_state.get(ASKED, ""), key=f"why-{st.session_state.get(ASKED)}")
    if asked.strip():
        fates(work, result, asked.strip())
    if place is not None and place < len(reasons):
        step, _, reason, _ = reasons[place]
        rows = preview.questions(work, result, step, inquiry.dropped(result, step, reason, LISTED))
        preview.clickable(rows, ["value", "question"], "why-rows", f"Rows dropped because {reason}")
    elif not asked.strip():
        st.caption("Choose a reason to list its rows, click one of them, or paste the id of any trace.")


def fates(work: Workspace, result: Result, trace_id: str) -> None:
    """The verdict of every step on a trace, its parents and its children."""
    found = result.why(trace_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(verdict(found, trace_id))
        st.page_link(
            "pages/traces.py", label="Open the trace", icon=":material/open_in_new:", query_params={"trace": trace_id}
        )
    put("trace", trace_id)
    for fate in found:
        st.caption(inline(sentence(fate)))
        if fate.other:
            st.page_link(
                "pages/traces.py", label=f"Kept in its place: {fate.other[:8]}", query_params={"trace": fate.other}
            )


def verdict(found: list[Fate], trace_id: str) -> str:
    """One sentence that answers the question."""
    gone = next((fate for fate in found if fate.verdict in ("dropped", "failed")), None)
    short = f"Trace `{inline(trace_id[:8])}`"
    if gone:
        return f"{short} is gone since step {gone.step} ({gone.op}): {inline(gone.reason or gone.verdict)}."
    return f"{short} is kept by every step that judges it." if found else f"{short} was judged by no step."


def sentence(fate: Fate) -> str:
    """What one step did, with the value it compared."""
    value = f"{fate.value:g}" if fate.value is not None else fate.label
    told = f"{fate.step}. {fate.op}: {fate.verdict}"
    if value is not None:
        told += f", value {value}" + (f", threshold {_plain(fate.threshold)}" if fate.threshold else "")
    if fate.reason:
        told += f", {fate.reason}"
    return told + (f", became {', '.join(child[:8] for child in fate.became)}" if fate.became else "")


def _plain(threshold: str) -> str:
    try:
        return f"{float(threshold):g}"
    except ValueError:
        return threshold


def back(scene: preview.Scene) -> None:
    """Rows that a selector dropped and would keep at another threshold, and how many of them reach the end."""
    result = scene.result
    known = [dial for dial in dials(result.steps, range(1, len(result.steps) + 1)) if dial.keeps != "share"]
    if not known:
        st.caption("No step of this recipe compares a number. Add keep_where with a minimum or a maximum.")
        return
    place = st.selectbox(
        "Threshold", range(len(known)), key="back-dial",
        format_func=lambda n: f"{known[n].place + 1}. {known[n].score} {known[n].field} {known[n].now:g}",
    )  # fmt: skip
    dial = known[min(place, len(known) - 1)]
    number = dial.place + 1
    ends = inquiry.looser(result, dial)
    if ends is None:
        st.caption("This threshold drops no row, so none can come back.")
        return
    value = st.slider(
        f"{charts.label(dial.score)}, {dial.field}", *ends, key=f"back-{number}-{dial.field}-{ends}",
        step=(ends.high - ends.low) / 200, format="%.4g",
    )  # fmt: skip
    changed = inquiry.at_threshold(result.steps[dial.place], dial.field, value)
    found = inquiry.returning(scene.held, result, number, changed)
    about = "about " if found.estimated else ""
    columns = st.columns(2)
    columns[0].metric(f"Come back at {value:.4g}", f"{len(found.rows):,}")
    columns[1].metric("Reach the end", f"{about}{found.reach_end:,}")
    shown = preview.questions(scene.work, result, number, found.rows.slice(0, LISTED))
    if shown:
        preview.clickable(shown, ["value", "question"], "back-rows", "Rows that come back")
