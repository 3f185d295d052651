"""The filter of a view: what is set as removable chips, a box to search, and a form for one more condition."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st

from curation.errors import UserError
from curation.query.filters import Filter
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.exploring import bins, charts, measure
from pages.ui.reading.maths import inline, unlinked
from pages.ui.state import set_filter

Mode = Literal["text", "regex", "meaning"]
FLAGS = {"Yes": True, "No": False, "Unknown": None}
MODES: dict[Mode, str] = {
    "text": "Search question, reasoning, answer",
    "regex": r"Regular expression, as in \\bwait\\b.*again",
    "meaning": "Describe what to look for",
}
LONG = 60  # letters of a condition in its chip


def show(work: Workspace, chosen: Filter, key: str, tools: Callable[[], None] | None = None) -> None:
    """Draw search, the form and the page's own tools; below them how much is shown, and a chip a condition.

    A filter that cannot be used is said in place, and nothing below is drawn until its chip is removed.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _search(work, chosen, key)
        with st.popover("Filter", icon=":material/filter_alt:"):
            _condition(work, chosen, key)
        if tools:
            tools()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        try:
            words, reason = totals(work, chosen), None
        except UserError as error:
            words, reason = "This filter cannot be used", str(error)
        st.caption(words, width="content")
        for name, without in chips(chosen):
            st.button(
                inline(name), key=f"{key}-chip-{name}", icon=":material/close:", help="Remove this condition",
                on_click=partial(set_filter, without),
            )  # fmt: skip
        if chosen != Filter():
            st.button("Clear all", key=f"{key}-clear", type="tertiary", on_click=partial(set_filter, Filter()))
    if reason:
        st.error(unlinked(reason), icon=":material/error:")
        if chosen.meaning and work.store.newest("vectors") is None:
            measure.offer_embedding(work, key)
        st.stop()


def _search(work: Workspace, chosen: Filter, key: str) -> None:
    """One box for text, regular expressions or meaning; what it says becomes a condition."""
    now: Mode = "meaning" if chosen.meaning else "regex" if chosen.regex else "text"
    mode = st.selectbox(
        "Search by", list(MODES), list(MODES).index(now), key=f"{key}-search-by", width=118,
        label_visibility="collapsed", format_func=str.capitalize,
    )  # fmt: skip
    if mode == "meaning" and work.store.newest("vectors") is None:
        measure.offer_embedding(work, key)
        return
    before = {"text": chosen.text, "regex": chosen.regex, "meaning": chosen.meaning}[mode]
    wanted = st.text_input(
        "Search", before, key=f"{key}-search-{mode}-{before}", placeholder=MODES[mode], label_visibility="collapsed",
        icon=":material/search:", width=280,
        help=f"Finds the traces most alike {measure.compared(work)}" if mode == "meaning" else None,
    )  # fmt: skip
    if mode == "meaning" and chosen.meaning:
        nearest = st.number_input(
            "Nearest", 1, 100_000, chosen.nearest, key=f"{key}-nearest-{chosen.nearest}", width=120,
            label_visibility="collapsed", help="How many of the nearest traces are shown",
        )  # fmt: skip
        if nearest != chosen.nearest:
            _apply(chosen.model_copy(update={"nearest": nearest}))
    if wanted != before:
        _apply(chosen.model_copy(update={mode: wanted}))


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
        word = next(word for word, value in FLAGS.items() if value is flag).lower()
        out.append((f"{name} is {word}", chosen.with_flag(name)))
    if chosen.lasso:
        place = f"{chosen.lasso.x} and {chosen.lasso.y}"
        out.append((f"inside the area drawn over {place}", chosen.model_copy(update={"lasso": None})))
    words = {
        "problem_id": f"problem {(chosen.problem_id or '')[:8]}",
        "text": f"contains {chosen.text}",
        "regex": f"matches {chosen.regex}",
        "meaning": f"the {chosen.nearest:,} nearest to {chosen.meaning}",
        "sql": f"SQL {' '.join(chosen.sql.split())}",
    }
    for name, text in words.items():
        without = chosen.model_copy(update={name: Filter.model_fields[name].default})
        if without != chosen:
            out.append((text if len(text) <= LONG else f"{text[: LONG - 1]}…", without))
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
        wanted = chosen.with_flag(name, FLAGS[word]) if word else chosen.with_flag(name)
    if wanted != chosen:
        _apply(wanted)


def _apply(chosen: Filter) -> None:
    set_filter(chosen)
    st.rerun()


def brushed(key: str, chosen: Filter, name: str, ends: tuple[float, float] | None = None) -> Callable[[], None]:
    """A callback that turns the box drawn on a histogram into a range of the filter, none when it was cleared.

    A side of the box beyond the `ends` of the axis is no limit.
    """

    def take() -> None:
        boxes = st.session_state[key]["selection"]["box"]
        low, high = (min(boxes[0]["x"]), max(boxes[0]["x"])) if boxes else (None, None)
        if ends:
            low = None if low is None or low <= ends[0] else low
            high = None if high is None or high >= ends[1] else high
        set_filter(chosen.with_range(name, _round(low), _round(high)))

    return take


def clicked(key: str, chosen: Filter, name: str, flag: bool) -> Callable[[], None]:
    """A callback that filters by the bars or boxes clicked; a click on what is chosen already lifts the condition."""

    def take() -> None:
        points = st.session_state[key]["selection"]["points"]
        words = tuple(dict.fromkeys(str(point["customdata"]) for point in points if "customdata" in point))
        again = words == picked(chosen, name)
        if flag:
            asked = [TOLD[word] for word in words[:1] if not again]
            set_filter(chosen.with_flag(name, *asked))
        else:
            set_filter(chosen.with_values(name, () if again else words))

    return take


TOLD = {"true": True, "false": False, "": None}


def picked(chosen: Filter, name: str) -> tuple[str, ...]:
    """The values of a category or flag the filter asks for, as charts write them."""
    if name in chosen.flags:
        return (next(word for word, flag in TOLD.items() if flag is chosen.flags[name]),)
    return chosen.values.get(name, ())


def without(chosen: Filter, name: str) -> Filter:
    """The filter without its condition on a category or flag."""
    return chosen.with_values(name, ()).with_flag(name)


def _round(value: float | None) -> float | None:
    """Four digits are enough for a limit drawn by hand."""
    return None if value is None else float(f"{value:.4g}")
