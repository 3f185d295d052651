"""How far a judge agrees with people: agreement with its interval, kappa, who said what, or ranks and a threshold."""

import streamlit as st

from curation.comparing.agreement import Agreement, Threshold, agreement, best_threshold, ranks
from curation.intervals import Interval
from curation.query.filters import Filter
from curation.query.teachers import judgements
from curation.workspace import Workspace
from pages.ui.exploring import charts
from pages.ui.teaching.teacher_charts import confusion

PEOPLE = ("human_correct", "decision", "given_correct")
JUDGES = ("judge", "verdict", "grade", "correct")  # beginnings of names that are offered first


def show(work: Workspace, chosen: Filter) -> None:
    """A judge's score against what people, or the source, said of the same traces."""
    st.subheader("Judges against people", anchor=False)
    known = work.store.columns()
    offered = sorted((name for name in known if name not in PEOPLE), key=lambda name: not name.startswith(JUDGES))
    with st.container(horizontal=True):
        judge = st.selectbox("Score of the judge", offered, key="judge-score", format_func=charts.label)
        person = st.selectbox("Compared with", PEOPLE, key="judge-person", format_func=charts.label)
    if not judge:
        return
    said, truth = judgements(work.store, judge, person, chosen)
    if not said:
        st.caption(f"No trace of the filter has both {judge} and {person}. Label some on the review page.")
        return
    if known[judge] != "number":
        labelled(agreement([str(one).lower() for one in said], [str(one).lower() for one in truth]), judge, person)
    elif known[person] == "flag":
        measured([float(str(one)) for one in said], [bool(one) for one in truth], judge, person)
    else:
        st.caption("A number is compared with a yes or no: choose human_correct or given_correct.")


def labelled(found: Agreement, judge: str, person: str) -> None:
    """Agreement of two labels."""
    numbers(found)
    st.plotly_chart(
        confusion(found, judge, person), key="confusion", width="content", config={"displayModeBar": False},
        alt=f"Traces by {judge} and {person}",
    )  # fmt: skip


def measured(said: list[float], truth: list[bool], judge: str, person: str) -> None:
    """A number against a flag: its ranks, and the threshold that agrees best."""
    best = best_threshold(said, truth)
    order = ranks(said, [float(one) for one in truth])
    st.metric(
        "Correlation of ranks", _plain(order.rho), _between(order.interval), delta_color="off", delta_arrow="off"
    )
    if best is None:
        st.caption(f"No threshold can be told: {person} or {judge} never varies on these {len(said):,} traces.")
        return
    st.caption(in_words(best, judge, len(said)))
    labelled(agreement([one >= best.value for one in said], truth), f"{judge} at least {best.value:.3g}", person)


def in_words(best: Threshold, judge: str, n: int) -> str:
    """The threshold, and that it was chosen on the rows it is judged by."""
    return (
        f"{judge} agrees best from {best.value:.3g} on (kappa {best.kappa:.2f}); chosen on these {n:,} traces, so "
        "expect a little less on others."
    )


def numbers(found: Agreement) -> None:
    """The share agreed and kappa with their intervals, and on how many traces."""
    columns = st.columns(3)
    agreed = "unknown" if found.agreed is None else f"{found.agreed:.1%}"
    off = {"delta_color": "off", "delta_arrow": "off"}
    columns[0].metric("Agreement", agreed, _between(found.agreed_interval, ".1%"), **off)
    columns[1].metric("Cohen's kappa", _plain(found.kappa), _between(found.kappa_interval), **off)
    columns[2].metric("Traces both judged", f"{found.n:,}")


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _between(interval: Interval | None, shown: str = ".2f") -> str | None:
    return None if interval is None else f"{interval.low:{shown}} to {interval.high:{shown}}"
