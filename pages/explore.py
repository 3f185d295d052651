"""Explore: how long, how hard and about what the traces are; a brush, click or lasso on a chart sets the filter."""

import streamlit as st

from curation.query.distributions import TRACES
from curation.query.filters import Filter
from curation.workspace import Workspace
from pages.ui.exploring import bins, charts, clouds, curves, filter_bar, measure
from pages.ui.state import current_filter, offer_samples, screen

BARE = {"displayModeBar": False}
NUMBERS = ("n_tokens", "difficulty", "n_chars", "n_segments", "pass_rate", "repetition")
SHARES = ("model", "dataset", "subject", "correct", "given_correct", "decision")


def explore(work: Workspace) -> None:
    """The filter, then the charts that were asked for."""
    chosen = current_filter()
    filter_bar.show(work, chosen, "explore", lambda: measure.show(work, "explore"))
    measure.running(work, "explore")
    sections = {
        "Distributions": distributions,
        "Teachers and datasets": shares,
        "Groups": by_group,
        "Lengths and roles": lengths_and_roles,
        "Two scores": scatter,
        "Map": embedding_map,
    }
    shown = st.pills(
        "Charts", list(sections), selection_mode="multi", default=list(sections), key="sections",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    for name, draw in sections.items():
        if name in shown:
            draw(work, chosen)


def numbers(work: Workspace) -> list[str]:
    """Columns that are numbers."""
    return [name for name, kind in work.store.columns().items() if kind == "number"]


def groups(work: Workspace) -> list[str]:
    """Columns that are categories or flags."""
    return [name for name, kind in work.store.columns().items() if kind != "number"]


def distributions(work: Workspace, chosen: Filter) -> None:
    """One histogram a number, over the traces the other conditions leave."""
    known = numbers(work)
    start = [name for name in NUMBERS if name in known][:2] or known[:2]
    shown = st.multiselect("Distributions", known, start, key=f"distributions-{len(start)}", format_func=charts.label)
    missing = [name for name in ("difficulty", "correct") if name not in work.store.columns()]
    if missing:
        st.caption(f"Not measured yet: {', '.join(missing)}. Choose Measure, then Measure the basics.")
    grid = st.grid(2, min_column_width=420)
    for name in shown:
        with grid.cell():
            histogram(work, chosen, name)
    st.caption("Drag over bars to filter by that range; remove its condition above to lift it.")


def histogram(work: Workspace, chosen: Filter, name: str) -> None:
    """One number's histogram, its long tail counted below it."""
    table, above = bins.body(work.store, name, chosen.with_range(name, None, None))
    if not len(table):
        st.caption(f"{charts.label(name)}: no trace of the filter has this score")
        return
    key, ends = f"brush-{name}", (table["low"][0].as_py(), table["high"][-1].as_py())
    st.plotly_chart(
        charts.histogram(table, name, chosen.ranges.get(name)), key=key, selection_mode="box", config=BARE,
        on_select=filter_bar.brushed(key, chosen, name, ends), alt=f"Histogram of {name}",
    )  # fmt: skip
    if above:
        st.caption(f"{above:,} longer or larger ones lie above {_plain(ends[1])} and are not drawn")


def shares(work: Workspace, chosen: Filter) -> None:
    """Counts of each value; a click filters by it, another click lifts that."""
    st.subheader("Teachers and datasets", anchor=False)
    columns = work.store.columns()
    grid = st.grid(3, min_column_width=300)
    for name in [name for name in SHARES if name in columns]:
        table = work.store.categories(name, filter_bar.without(chosen, name))
        if table["value"].null_count == len(table):
            continue
        with grid.cell():
            st.caption(charts.label(name))
            key = f"bars-{name}"
            st.plotly_chart(
                charts.categories(table, name, filter_bar.picked(chosen, name)), key=key, config=BARE,
                alt=f"Traces by {name}", selection_mode="points",
                on_select=filter_bar.clicked(key, chosen, name, columns[name] == "flag"),
            )  # fmt: skip


def by_group(work: Workspace, chosen: Filter) -> None:
    """One number's distribution in each group, as lines and as boxes; a click on a box filters by its group."""
    st.subheader("Groups", anchor=False)
    known, named = numbers(work), groups(work)
    with st.container(horizontal=True):
        name = st.selectbox("Score", known, _index(known, "n_tokens", "n_chars"), key="group-score",
                            format_func=charts.label)  # fmt: skip
        group = st.selectbox("Group by", named, _index(named, "model"), key="group-by", format_func=charts.label)
    left, right = st.columns(2)
    others = filter_bar.without(chosen, group)
    table = work.store.histogram(name, bins.trimmed(work.store, name, chosen), bins=30, group=group)
    left.plotly_chart(
        charts.grouped_histogram(table, name, group), key="grouped", config=BARE, alt=f"{name} by {group}",
        selection_mode="box", on_select=filter_bar.brushed("grouped", chosen, name),
    )  # fmt: skip
    boxes = charts.spreads(work.store.summary(name, group, others), name, group, filter_bar.picked(chosen, group))
    key = f"spreads-{name}-{group}"
    right.plotly_chart(
        boxes, key=key, config=BARE, alt=f"Percentiles of {name} by {group}", selection_mode="points",
        on_select=filter_bar.clicked(key, chosen, group, work.store.columns()[group] == "flag"),
    )  # fmt: skip


def lengths_and_roles(work: Workspace, chosen: Filter) -> None:
    """Where the tokens are: in few long traces or in all alike, and doing what."""
    st.subheader("Lengths and roles", anchor=False)
    left, right = st.columns(2)
    with left:
        lengths(work, chosen)
    with right:
        roles(work, chosen)


def lengths(work: Workspace, chosen: Filter) -> None:
    """How unequally the tokens are spread over the traces."""
    name = "n_tokens" if "n_tokens" in work.store.columns() else "n_chars"
    table = work.store.concentration(name, chosen)
    if not len(table):
        st.caption("No trace of the filter has a length.")
        return
    st.plotly_chart(
        curves.concentration(table, name), key="concentration", config=BARE,
        alt="Share of all tokens that the longest traces hold",
    )  # fmt: skip
    st.caption(curves.in_words(table, name))


def roles(work: Workspace, chosen: Filter) -> None:
    """What the traces do from their start to their end."""
    table = work.store.roles(chosen)
    if table is None or not len(table):
        st.caption("No trace of the filter has segments yet. Choose Measure, then Measure the basics.")
        return
    st.plotly_chart(curves.roles(table), key="roles", config=BARE, alt="Kinds of segments along the trace")
    st.caption(f"The characters of each kind in each twentieth of a trace, in a fixed sample of at most {TRACES:,}.")


def scatter(work: Workspace, chosen: Filter) -> None:
    """A dot a trace; a box sets both ranges, a lasso an area."""
    st.subheader("Two scores against each other", anchor=False)
    known = numbers(work)
    with st.container(horizontal=True):
        x = st.selectbox("Across", known, _index(known, "n_tokens", "n_chars"), key="x", format_func=charts.label)
        y = st.selectbox("Up", known, _index(known, "difficulty", "n_segments"), key="y", format_func=charts.label)
        colour = colour_box(work, "colour")
    cloud(work, chosen, x, y, colour)


def embedding_map(work: Workspace, chosen: Filter) -> None:
    """The embedded traces, near each other where they mean alike; a lasso filters by what lies inside."""
    st.subheader("Map", anchor=False)
    if work.store.newest("vectors") is None:
        st.caption("A map places traces of like meaning near each other, once they are embedded.")
        measure.offer_embedding(work, "map")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = colour_box(work, "map-colour", "correct")
        drawn = measure.offer_map(work, "map")
    st.caption(f"Traces lie near each other when they are alike {measure.compared(work)}.")
    if drawn:
        cloud(work, chosen, *measure.MAP, colour)


def colour_box(work: Workspace, key: str, first: str = "") -> str | None:
    """Which score or column the dots are coloured by."""
    names = [None, *groups(work), *numbers(work)]
    start = names.index(first) if first in names else 0
    return st.selectbox("Colour by", names, start, key=f"{key}-{start}", width=260,
                        format_func=lambda name: charts.label(name) if name else "Nothing")  # fmt: skip


def cloud(work: Workspace, chosen: Filter, x: str, y: str, colour: str | None) -> None:
    """The dots of two scores, those the filter leaves out greyed."""
    others, key, is_map = clouds.lifted(chosen, x, y), f"cloud-{x}-{y}", (x, y) == measure.MAP
    table = work.store.points(x, y, colour, others, clouds.MOST, marked=chosen)
    if not len(table):
        st.caption("No trace of the filter has both scores.")
        return
    area = chosen.lasso if chosen.lasso and (chosen.lasso.x, chosen.lasso.y) == (x, y) else None
    st.plotly_chart(
        clouds.cloud(table, x, y, colour, area, is_map), key=key, selection_mode=("box", "lasso"), config=clouds.TOOLS,
        on_select=clouds.drawn(key, chosen, x, y, is_map), alt=f"{y} against {x}",
    )  # fmt: skip
    note = (
        f"A fixed sample of {clouds.MOST:,} traces is drawn; the filter acts on all. "
        if len(table) >= clouds.MOST
        else ""
    )
    st.caption(f"{note}Draw a lasso or a box to filter by what lies inside.")


def _index(names: list[str], *wanted: str) -> int:
    return next((names.index(name) for name in wanted if name in names), 0)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


with screen("Explore", "See how long, how hard and about what the traces are, by teacher and dataset.") as work:
    if not offer_samples(work):
        explore(work)
