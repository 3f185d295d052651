"""Explore: how long and how hard the traces are, by teacher and dataset; a brush on a chart sets the filter."""

import streamlit as st

from curation.filters import Filter
from curation.workspace import Workspace
from pages.ui import bins, charts, filter_bar, measure
from pages.ui.state import current_filter, offer_samples, screen, set_filter

BARE = {"displayModeBar": False}
NUMBERS = ("n_tokens", "difficulty", "n_chars", "n_segments", "pass_rate", "repetition")


def explore(work: Workspace) -> None:
    """Filter, totals, distributions, groups, and two numbers against each other."""
    chosen = current_filter()
    filter_bar.show(work, chosen, "explore", lambda: measure.show(work, "explore"))
    measure.running(work, "explore")
    columns = work.store.columns()
    numbers = [name for name, kind in columns.items() if kind == "number"]
    groups = [name for name, kind in columns.items() if kind != "number"]
    start = [name for name in NUMBERS if name in numbers][:2] or numbers[:2]
    shown = st.multiselect(
        "Distributions", numbers, start, key=f"distributions-{len(start)}", format_func=charts.label
    )
    missing = [name for name in ("difficulty", "correct") if name not in columns]
    if missing:
        st.caption(f"Not measured yet: {', '.join(missing)}. Choose Measure, then Measure the basics.")
    distributions(work, chosen, shown)
    st.subheader("Teachers and datasets", anchor=False)
    shares(
        work, chosen, [name for name in ("model", "dataset", "subject", "correct", "given_correct") if name in groups]
    )
    st.subheader("Compare groups", anchor=False)
    by_group(work, chosen, numbers, groups)
    st.subheader("Two scores against each other", anchor=False)
    scatter(work, chosen, numbers, groups)


def distributions(work: Workspace, chosen: Filter, names: list[str]) -> None:
    """One histogram a number, over the traces the other conditions leave."""
    grid = st.grid(2, min_column_width=420)
    for name in names:
        with grid.cell():
            table, above = bins.body(work.store, name, chosen.with_range(name, None, None))
            if not len(table):
                st.caption(f"{charts.label(name)}: no trace of the filter has this score")
                continue
            key, ends = f"brush-{name}", (table["low"][0].as_py(), table["high"][-1].as_py())
            st.plotly_chart(
                charts.histogram(table, name, chosen.ranges.get(name)), key=key, selection_mode="box", config=BARE,
                on_select=filter_bar.brushed(key, chosen, [name], ends), alt=f"Histogram of {name}",
            )  # fmt: skip
            if above:
                st.caption(f"{above:,} longer or larger ones lie above {_plain(ends[1])} and are not drawn")
    st.caption("Drag over bars to filter by that range; double-click a chart to lift it.")


def shares(work: Workspace, chosen: Filter, names: list[str]) -> None:
    """Counts of each value; a click filters by it."""
    columns = work.store.columns()
    grid = st.grid(3, min_column_width=300)
    for name in names:
        picked = chosen.values.get(name, ())
        table = work.store.categories(name, chosen.with_values(name, ()))
        if table["value"].null_count == len(table):
            continue
        with grid.cell():
            st.caption(charts.label(name))
            key = f"bars-{name}"

            def take(name: str = name, key: str = key) -> None:
                points = st.session_state[key]["selection"]["points"]
                values = tuple("" if p["customdata"] == "unknown" else str(p["customdata"]) for p in points)
                set_filter(chosen.with_values(name, values))

            flag = columns[name] == "flag"
            st.plotly_chart(
                charts.categories(table, name, picked), key=key, config=BARE, alt=f"Traces by {name}",
                on_select="ignore" if flag else take, selection_mode="points",
            )  # fmt: skip


def by_group(work: Workspace, chosen: Filter, numbers: list[str], groups: list[str]) -> None:
    """One number's distribution in each group, as lines and as boxes."""
    with st.container(horizontal=True):
        name = st.selectbox("Score", numbers, _index(numbers, "n_tokens", "n_chars"), key="group-score",
                            format_func=charts.label)  # fmt: skip
        group = st.selectbox("Group by", groups, _index(groups, "model"), key="group-by", format_func=charts.label)
    left, right = st.columns(2)
    table = work.store.histogram(name, chosen, bins=30, group=group)
    left.plotly_chart(charts.grouped_histogram(table, name, group), key="grouped", config=BARE,
                      alt=f"{name} by {group}")  # fmt: skip
    boxes = charts.spreads(work.store.summary(name, group, chosen), name, group)
    right.plotly_chart(boxes, key="spreads", config=BARE, alt=f"Percentiles of {name} by {group}")


def scatter(work: Workspace, chosen: Filter, numbers: list[str], groups: list[str]) -> None:
    """A dot a trace; a box sets both ranges."""
    with st.container(horizontal=True):
        x = st.selectbox("Across", numbers, _index(numbers, "n_tokens", "n_chars"), key="x", format_func=charts.label)
        y = st.selectbox("Up", numbers, _index(numbers, "n_segments", "difficulty"), key="y", format_func=charts.label)
        colour = st.selectbox("Colour by", [None, *groups], key="colour",
                              format_func=lambda name: charts.label(name) if name else "Nothing")  # fmt: skip
    table = work.store.points(x, y, colour, chosen, 20_000)
    if not len(table):
        st.caption("No trace of the filter has both scores.")
        return
    st.plotly_chart(
        charts.points(table, x, y, colour), key="points", selection_mode="box", config=BARE,
        on_select=filter_bar.brushed("points", chosen, [x, y]), alt=f"{y} against {x}",
    )  # fmt: skip
    if len(table) == 20_000:
        st.caption("A fixed sample of 20,000 traces is drawn; the filter acts on all.")


def _index(names: list[str], *wanted: str) -> int:
    return next((names.index(name) for name in wanted if name in names), 0)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


with screen("Explore", "See how long and how hard the traces are, by teacher and dataset.") as work:
    if not offer_samples(work):
        explore(work)
