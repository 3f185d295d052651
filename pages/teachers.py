"""Teachers: who is right how often, at what length and cost, on the same problems; judges against people."""

from typing import Any

import streamlit as st

from curation.comparing.teachers import Teacher, duels, shared_problems, teachers
from curation.query.filters import Filter
from curation.query.teachers import MOST, Compared, compared, flags, length_of, sources
from curation.workspace import Workspace
from pages.ui.exploring import charts, filter_bar
from pages.ui.state import current_filter, errors, get, offer_samples, put, screen
from pages.ui.teaching import judge_view, teacher_charts

BARE = {"displayModeBar": False}
FIRST = 8  # compared at first
COLUMNS: dict[str, Any] = {
    **{
        name: st.column_config.NumberColumn(name, format="percent")
        for name in ("Pass rate", "95 % from", "95 % to", "No answer")
    },
    "Unfinished": st.column_config.NumberColumn(
        "Unfinished", format="percent", help="Cut off at its length limit, or with a think tag left open"
    ),
    "Cost": st.column_config.NumberColumn(
        "Cost", format="%.4g", help="Of traces generated here, where prices are known"
    ),
    "Cost per correct": st.column_config.NumberColumn("Cost per correct", format="%.4g"),
    **{
        name: st.column_config.NumberColumn(name, format="%.0f")
        for name in ("Median length", "First quartile", "Third quartile")
    },
}


def comparison(work: Workspace) -> None:
    """The choice, the table, its charts, then judges."""
    chosen = current_filter()
    filter_bar.show(work, chosen, "teachers")
    with errors():
        asked = choices(work, chosen)
        if asked:
            draw(work, asked)
    with errors():
        judge_view.show(work, chosen)


def choices(work: Workspace, chosen: Filter) -> Compared | None:
    """What names a teacher, which are compared, on which problems, and who says what is right."""
    columns = work.store.columns()
    named = [name for name, kind in columns.items() if kind == "category" and name != "extracted"]
    asked = get("by")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = named.index(asked) if asked in named else usual(work, named, chosen)
        by = st.selectbox("Group by", named, start, key="teachers-by", width=180, format_func=charts.label)
        put("by", by)
        flag = st.selectbox("Right by", flags(work.store), key="teachers-flag", width=180, format_func=charts.label)
        shared = st.toggle("Only problems that all have", True, key="teachers-shared")
    known = sources(work.store, by, chosen)
    picked = st.multiselect(
        "Compared", list(known), list(known)[:FIRST], key=f"compared-{by}", max_selections=MOST,
        format_func=lambda name: f"{name} ({known.get(name, 0):,})",
    )  # fmt: skip
    if not picked:
        st.caption(f"No trace of the filter has a {by}." if not known else "Choose at least one.")
        return None
    return Compared(by, tuple(picked), shared, chosen, flag)


def usual(work: Workspace, named: list[str], chosen: Filter) -> int:
    """The column to begin with: models, or datasets where all traces are of one model."""
    name = "model" if len(sources(work.store, "model", chosen)) > 1 else "dataset"
    return named.index(name)


def draw(work: Workspace, asked: Compared) -> None:
    """The table and its charts."""
    found = compared(work.store, asked)
    if not found.attempts.num_rows:
        st.info("No problem has traces of all that are compared. Compare fewer, or switch the toggle off.")
        return
    listed = teachers(*found)
    st.caption(in_words(listed, shared_problems(found.attempts), asked))
    st.dataframe(
        teacher_charts.rows(listed), hide_index=True, placeholder="", column_config=COLUMNS, alt="Teachers compared"
    )
    left, right = st.columns(2, gap="medium")
    with left:
        name = length_of(work.store)
        st.plotly_chart(
            charts.spreads(found.lengths, name, asked.by), key="teacher-lengths", config=BARE, alt="Lengths of traces"
        )
    with right:
        judged(listed)
    figure = teacher_charts.ahead(duels(found.attempts))
    if figure:
        st.subheader("Right where another is wrong", anchor=False)
        st.caption("Share of the problems both were judged on; of several traces of a problem their share counts.")
        st.plotly_chart(
            figure,
            key="teacher-ahead",
            width="content",
            config=BARE,
            alt="Share of problems one is right on and another not",
        )


def judged(listed: list[Teacher]) -> None:
    """The pass rates, or how to get them."""
    figure = teacher_charts.pass_rates(listed)
    if figure:
        st.plotly_chart(figure, key="teacher-rates", config=BARE, alt="Pass rates with their intervals")
    else:
        st.caption(
            "None of these traces is known to be right or wrong: measure verify_answer on the explore page. Problems "
            "without a reference answer stay unknown."
        )


def in_words(listed: list[Teacher], shared: int, asked: Compared) -> str:
    """On how many problems the numbers rest."""
    if asked.shared:
        return f"{shared:,} problems that all {len(listed)} have."
    return f"All problems of each; {shared:,} are shared by all {len(listed)}, so what differs may be the problems."


with screen("Teachers", "Compare who is right how often, at what length and cost, on the same problems.") as work:
    if not offer_samples(work):
        comparison(work)
