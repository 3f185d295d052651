"""Compare: all students on a benchmark, each against a baseline, then two of them problem by problem."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

from curation.workspace import Workspace
from pages.ui.evaluating import compare_problems, evaluated, frontier
from pages.ui.exploring import charts
from pages.ui.reading.maths import inline
from pages.ui.state import errors, get, offer_samples, put, screen
from training.comparing.comparison_report import (
    CORRECTIONS,
    Report,
    about,
    report,
    sentence,
    to_csv,
    to_html,
    to_markdown,
)
from training.comparing.evaluations import Evaluation, by_benchmark
from training.comparing.scoreboard import Line, cleanliness, scoreboard
from training.comparing.statistics import Correction

ALL = "All benchmarks"
COMPARED = 8  # students compared at first
FORMATS = {"html": (to_html, "text/html"), "md": (to_markdown, "text/markdown"), "csv": (to_csv, "text/csv")}


def comparison(work: Workspace) -> None:
    """All finished evaluations of a benchmark, then two of them."""
    groups = by_benchmark(evaluated.finished(work))
    if not groups:
        with st.container(border=True):
            st.write("Nothing is evaluated yet. Evaluate two students on the same benchmark to compare them.")
            st.page_link("pages/evaluate.py", label="Evaluate a student", icon=":material/fact_check:")
        return
    found, price = choices(groups)
    if not found:
        st.caption("Choose at least one evaluation.")
        return
    lines = scoreboard(found, price)
    students(lines)
    left, right = st.columns([8, 4], gap="medium")
    with right:
        chart(lines)
    if len({one.benchmark for one in found}) > 1:
        left.caption("Choose one benchmark to compare its students.")
        return
    with left:
        if len(found) > 1:
            baseline(found, price)
        else:
            st.caption("Evaluate a second student on the same benchmark to compare problem by problem.")
    st.subheader("Problem by problem", anchor=False)
    compare_problems.show(work, found)


def choices(groups: dict[str, list[Evaluation]]) -> tuple[list[Evaluation], float | None]:
    """Benchmark, evaluations and the price of tokens."""
    names = [*groups, ALL] if len(groups) > 1 else list(groups)
    asked = get("benchmark")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Benchmark", names, names.index(asked) if asked in names else 0, key="compare-benchmark", width=240,
            format_func=lambda value: value.replace("_", " "),
        )  # fmt: skip
        put("benchmark", name)
        known = {one.id: one for group in groups.values() for one in group if name in (ALL, one.benchmark)}
        chosen = st.multiselect(
            "Evaluations", list(known), started(list(known)), key=f"compare-runs-{name}-{len(known)}",
            format_func=lambda value: f"{known[value].name} ({value[-4:]})",
        )  # fmt: skip
        price = st.number_input(
            "Price of a million tokens", 0.0, value=None, key="price", placeholder="count tokens", width=190
        )
    return [known[value] for value in chosen], price


def started(ids: list[str]) -> list[str]:
    """The evaluations compared at first: the newest, and those of the address."""
    asked = [value for name in ("a", "b", "baseline") if (value := get(name)) in ids and value]
    return list(dict.fromkeys([*ids[:COMPARED], *asked]))


def students(lines: Sequence[Line]) -> None:
    """The table of all students, and a word about those that were trained on the benchmark."""
    st.dataframe(
        evaluated.rows(lines), hide_index=True, height="auto", placeholder="", row_height=29, alt="Students",
        column_config=evaluated.columns(),
    )  # fmt: skip
    for line in lines:
        if line.contaminated or line.overlapping:
            st.warning(inline(f"{line.name}: {cleanliness(line)}."), icon=":material/warning:")


def chart(lines: Sequence[Line]) -> None:
    """Accuracy against tokens, or alone."""
    views = {"Against tokens": lambda: frontier.figure(lines), "Accuracy": lambda: accuracies(lines)}
    view = st.segmented_control("Chart", list(views), default="Against tokens", required=True, key="compare-chart",
                                label_visibility="collapsed")  # fmt: skip
    st.plotly_chart(
        views[view](), key=f"chart-{view}", config={"displayModeBar": False},
        alt="Accuracy of each student with its interval",
    )  # fmt: skip


def accuracies(lines: Sequence[Line]) -> object:
    """The students' accuracies as a chart, names made unique."""
    return charts.accuracies(
        [
            charts.Interval(f"{number}. {charts.shorten(line.student)}", line.accuracy, line.low, line.high)
            for number, line in enumerate(lines, 1)
            if line.accuracy is not None and line.low is not None and line.high is not None
        ]
    )


def baseline(found: Sequence[Evaluation], price: float | None) -> None:
    """Every student against one of them, and the whole comparison to be taken along."""
    st.subheader("Against a baseline", anchor=False)
    ids, names = [one.id for one in found], list(CORRECTIONS)
    asked = get("baseline")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Baseline", ids, ids.index(asked) if asked in ids else len(ids) - 1, key=f"baseline-{len(ids)}",
            format_func=lambda value: f"{ids.index(value) + 1}. {found[ids.index(value)].name}",
        )  # fmt: skip
        how = st.selectbox(
            "P values with", names, key="correction", width=330, format_func=lambda name: CORRECTIONS[name],
            help="Several comparisons find a difference by chance more often than one",
        )  # fmt: skip
    put("baseline", picked)
    made = compared(tuple(ids), picked, how, price, found)
    st.caption(inline(about(made)))
    st.dataframe(
        [evaluated.beside(one, ids.index(one.evaluation.id) + 1) for one in made.against], hide_index=True,
        height="content", alt="Students against the baseline", placeholder="none",
        column_config=evaluated.BESIDE,
    )  # fmt: skip
    for one in made.against:
        st.caption(inline(f"{ids.index(one.evaluation.id) + 1}. {sentence(one)}"))
    export(made)


@st.cache_data(show_spinner="Comparing the answers", max_entries=16)
def compared(ids: tuple[str, ...], picked: str, how: str, price: float | None, _found: Sequence[Evaluation]) -> Report:
    """The comparison with a baseline."""
    return report(_found, _found[ids.index(picked)], cast(Correction, how), price)


def export(made: Report) -> None:
    """Buttons that send the comparison as a file."""
    with st.container(horizontal=True):
        for ending, (write, mime) in FORMATS.items():
            st.download_button(
                f"Download {ending.upper()}", lambda write=write: write(made), f"comparison.{ending}", mime,
                key=f"download-{ending}", icon=":material/download:", on_click="ignore",
            )  # fmt: skip


with screen("Compare", "Accuracy with its interval, length and no-answer rate; then problem by problem.") as work:
    if not offer_samples(work):
        with errors():
            comparison(work)
