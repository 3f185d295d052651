"""Two sets side by side: recipe, rows only one of them has, texts that changed, and the scores both carry."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from curation.curated import CuratedSet
from curation.sets.set_diff import Changed, Counted, Distribution, SetDiff, compare_sets
from pages.ui.exploring.charts import PALETTE, label, layout, shorten
from pages.ui.reading import trace_view
from pages.ui.reading.maths import inline

LISTED = 500  # rows of a list


@st.cache_data(show_spinner="Comparing the sets", max_entries=8)
def compared(_a: CuratedSet, _b: CuratedSet, key: str) -> SetDiff:
    """The difference of two sets; frozen, so computed once."""
    return compare_sets(_a, _b)


def show(curated: CuratedSet, found: Sequence[CuratedSet]) -> None:
    """Choose the other set and draw the difference."""
    others = [other for other in found if other.name != curated.name]
    if not others:
        st.caption("There is no other set to compare with yet.")
        return
    names = [other.name for other in others]
    start = names.index(nearest(curated, others).name)
    name = st.selectbox("Compare with", names, start, key=f"compare-{curated.name}", width=420)
    first = others[names.index(name)]
    difference = compared(
        first, curated, f"{first.name}{first.manifest.created}{curated.name}{curated.manifest.created}"
    )
    st.caption(inline(f"From {first.name} to {curated.name}"))
    counts(difference, first, curated)
    recipe(difference)
    distributions(difference, first.name, curated.name)
    rows(difference, first, curated)


def nearest(curated: CuratedSet, others: Sequence[CuratedSet]) -> CuratedSet:
    """The set it was made from, else the newest one of the same files, else the newest."""
    facts = curated.manifest
    parent = [other for other in others if other.name == facts.source.get("set")]
    same = [other for other in others if other.manifest.files.keys() & facts.files.keys()]
    return [*parent, *same, *others][0]


def counts(difference: SetDiff, first: CuratedSet, second: CuratedSet) -> None:
    """How many rows are the same, changed, gone and new."""
    columns = st.columns(4)
    columns[0].metric("In both", difference.same, format="localized")
    columns[1].metric("Text changed", len(difference.changed), format="localized",
                      help="The same problem and teacher, another text")  # fmt: skip
    columns[2].metric(f"Only in {shorten(first.name, 24)}", len(difference.removed), format="localized")
    columns[3].metric(f"Only in {shorten(second.name, 24)}", len(difference.added), format="localized")


def recipe(difference: SetDiff) -> None:
    """The changes of the recipe in words."""
    if not difference.recipe:
        st.caption("Both were made with the same recipe.")
        return
    st.caption("Recipe")
    st.dataframe(
        [{"Change": change.kind, "What": change.words} for change in difference.recipe],
        hide_index=True, height="content", alt="Changes of the recipe",
    )  # fmt: skip


def distributions(difference: SetDiff, first: str, second: str) -> None:
    """One score in both sets: a histogram, or the counts of a category, and quantiles."""
    known: dict[str, Distribution | Counted] = {one.name: one for one in [*difference.numbers, *difference.categories]}
    name = st.selectbox("Score", list(known), format_func=label, key="compare-score", width=420)
    score = known[name]
    if isinstance(score, Distribution):
        st.plotly_chart(overlay(score, first, second), key="compare-chart", config={"displayModeBar": False},
                        alt=f"{label(name)} in both sets")  # fmt: skip
        quantiles = [(first, score.quantiles_before, score.unknown_before),
                     (second, score.quantiles_after, score.unknown_after)]  # fmt: skip
        heads = ("5 %", "25 %", "Median", "75 %", "95 %")
        table = [{"Set": one, **dict(zip(heads, values, strict=False)), "Unknown": unknown}
                 for one, values, unknown in quantiles]  # fmt: skip
        st.dataframe(table, hide_index=True, height="content", alt="Quantiles in both sets")
        return
    values = list(dict.fromkeys([*score.before, *score.after]))
    st.dataframe(
        [{"Value": value, first: score.before.get(value, 0), second: score.after.get(value, 0)} for value in values],
        hide_index=True, height="auto", alt=f"{label(name)} in both sets",
    )  # fmt: skip


def overlay(score: Distribution, first: str, second: str) -> go.Figure:
    """Share of each set's rows per bin, one line a set."""
    figure = go.Figure()
    middles = [(low + high) / 2 for low, high in zip(score.edges, score.edges[1:], strict=False)]
    for number, (name, rows) in enumerate(((first, score.before), (second, score.after))):
        total = sum(rows) or 1
        figure.add_trace(
            go.Scatter(
                x=middles, y=[value / total for value in rows], name=f"{shorten(name)} ({sum(rows):,})", mode="lines",
                line={"shape": "hvh", "width": 2, "color": PALETTE[number]},
            )
        )  # fmt: skip
    figure.update_yaxes(tickformat=".0%")
    return layout(figure, 260, label(score.name), "Share of each set's rows", legend=True)


def rows(difference: SetDiff, first: CuratedSet, second: CuratedSet) -> None:
    """Leaf through the rows that differ."""
    kinds = {"Text changed": difference.changed, "Gone": difference.removed, "New": difference.added}
    names = [name for name, listed in kinds.items() if listed]
    if not names:
        return
    name = st.segmented_control("Rows", names, default=names[0], required=True, key=f"compare-rows-{'-'.join(names)}")
    listed = kinds[name or names[0]]
    number = st.pagination(min(LISTED, len(listed)), key=f"compare-row-{name}", max_visible_pages=9)
    one = listed[number - 1]
    before = one.before if isinstance(one, Changed) else one
    trace = (second if name == "New" else first).find(before)
    if trace is None:
        return
    trace_view.show_text(trace.question, "w-question")
    st.caption(inline(f"{trace.model or 'unknown teacher'} · {trace.id}"))
    after = second.find(one.after) if isinstance(one, Changed) else None
    if after is None:
        trace_view.show_trace(trace, f"compare-{trace.id}")
    else:
        trace_view.show_changes(trace, [after], f"compare-{trace.id}")
