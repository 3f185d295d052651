"""The filter of a view: what is set as removable chips, a box to search, and a form for one more condition."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from curation.filters import Filter
from curation.workspace import Workspace
from pages.ui import bins, charts, forms
from pages.ui.maths import inline
from pages.ui.state import set_filter

FLAGS = {"Yes": True, "No": False, "Unknown": None}


def show(work: Workspace, chosen: Filter, key: str, tools: Callable[[], None] | None = None) -> None:
    """Draw search, the form and the page's own tools; below them how much is shown, and a chip a condition."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        text = st.text_input(
            "Search", chosen.text, key=f"{key}-search-{chosen.text}", placeholder="Search question, reasoning, answer",
            label_visibility="collapsed", icon=":material/search:", width=280,
        )  # fmt: skip
        if text != chosen.text:
            _apply(chosen.model_copy(update={"text": text}))
        with st.popover("Filter", icon=":material/filter_alt:"):
            _condition(work, chosen, key)
        if tools:
            tools()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(totals(work, chosen), width="content")
        for name, without in chips(chosen):
            st.button(
                inline(name), key=f"{key}-chip-{name}", icon=":material/close:", help="Remove this condition",
                on_click=partial(set_filter, without),
            )  # fmt: skip
        if chosen != Filter():
            st.button("Clear all", key=f"{key}-clear", type="tertiary", on_click=partial(set_filter, Filter()))


def totals(work: Workspace, chosen: Filter) -> str:
    """How much the filter shows."""
    counts, everything = work.store.count(chosen), work.store.count(Filter())
    size = f"{counts.chars:,} characters" if counts.tokens is None else f"{counts.tokens:,} tokens"
    return f"{counts.rows:,} of {everything.rows:,} traces, {counts.problems:,} problems, {size}"


def chips(chosen: Filter) -> list[tuple[str, Filter]]:
    """Each condition in words, with the filter that lacks it."""
    out = [(_range(name, ends), chosen.with_range(name, None, None)) for name, ends in chosen.ranges.items()]
    out += [
        (f"{name} is {' or '.join(v or 'unknown' for v in values)}", chosen.with_values(name, ()))
        for name, values in chosen.values.items()
    ]
    for name, flag in chosen.flags.items():
        rest = {other: value for other, value in chosen.flags.items() if other != name}
        word = next(word for word, value in FLAGS.items() if value is flag).lower()
        out.append((f"{name} is {word}", chosen.model_copy(update={"flags": rest})))
    if chosen.text:
        out.append((f"contains {chosen.text}", chosen.model_copy(update={"text": ""})))
    if chosen.problem_id:
        out.append((f"problem {chosen.problem_id[:8]}", chosen.model_copy(update={"problem_id": None})))
    return out


def _range(name: str, ends: charts.Range) -> str:
    low, high = ends
    if low is None:
        return f"{name} ≤ {high:g}"
    return f"{name} ≥ {low:g}" if high is None else f"{low:g} ≤ {name} ≤ {high:g}"


def _condition(work: Workspace, chosen: Filter, key: str) -> None:
    """A form for one column, made for its type."""
    columns = work.store.columns()
    name = st.selectbox("Score or column", list(columns), key=f"{key}-column")
    if columns[name] == "number":
        limits = chosen.ranges.get(name, (None, None))
        choices = forms.Choices(histogram=lambda score: bins.body(work.store, score, Filter()).table)
        # a range set by a brush gives the slider a new start
        low, high = forms.score_range(name, limits, choices, f"{key}-{name}-{limits}")
        wanted = chosen.with_range(name, low, high)
    elif columns[name] == "category":
        values = [value or "" for value in work.store.categories(name, Filter())["value"].to_pylist()]
        picked = st.multiselect(
            "Values",
            values,
            list(chosen.values.get(name, ())),
            key=f"{key}-{name}",
            format_func=lambda v: v or "unknown",
        )
        wanted = chosen.with_values(name, tuple(picked))
    else:
        now = next((word for word, flag in FLAGS.items() if name in chosen.flags and chosen.flags[name] is flag), None)
        word = st.segmented_control("Value", list(FLAGS), default=now, key=f"{key}-{name}-{now}")
        rest = {other: value for other, value in chosen.flags.items() if other != name}
        wanted = chosen.model_copy(update={"flags": {**rest, name: FLAGS[word]} if word else rest})
    if wanted != chosen:
        _apply(wanted)


def _apply(chosen: Filter) -> None:
    set_filter(chosen)
    st.rerun()


def brushed(key: str, chosen: Filter, names: list[str], ends: tuple[float, float] | None = None) -> Callable[[], None]:
    """A callback that turns the box drawn on a chart into ranges of the filter, none when it was cleared.

    A side of the box beyond the `ends` of the first axis is no limit.
    """

    def take() -> None:
        boxes = st.session_state[key]["selection"]["box"]
        wanted = chosen
        for axis, name in zip("xy", names, strict=False):
            low, high = (min(boxes[0][axis]), max(boxes[0][axis])) if boxes else (None, None)
            if ends and axis == "x":
                low = None if low is None or low <= ends[0] else low
                high = None if high is None or high >= ends[1] else high
            wanted = wanted.with_range(name, _round(low), _round(high))
        set_filter(wanted)

    return take


def _round(value: float | None) -> float | None:
    """Four digits are enough for a limit drawn by hand."""
    return None if value is None else float(f"{value:.4g}")
