"""One finished evaluation: its numbers, what its strategy measured, accuracy by subject and level, its answers."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from curation.benchmarks import describe
from curation.runs import Run
from pages.ui.evaluating import answers, score_charts
from pages.ui.evaluating.scores import share
from training.comparing.outcomes import counted, groups, measures, repeats, subjects

QUIET = {"displayModeBar": False}
PERCENT = ("accuracy", "accuracy_low", "accuracy_high", "no_answer_rate", "violation_rate", "programs_finished")


@st.cache_resource(show_spinner="Reading the answers", max_entries=8)
def samples(path: str, changed: int) -> pa.Table:
    """The attempts that count."""
    return counted(pq.read_table(path))


@st.cache_resource(show_spinner=False, max_entries=8)
def levels(path: str) -> dict[str, str | None]:
    """The level of each problem of a benchmark; empty where its file is gone."""
    file = Path(path)
    return {item.problem.id: item.level for item in describe(file).items} if file.is_file() else {}


def strategy(scores: dict[str, Any]) -> None:
    """What only this strategy measures: single numbers, then its tables with their charts."""
    numbers, tables = measures(scores)
    if numbers:
        st.dataframe(
            [{"Measure": name.replace("_", " "), "Value": number(name, value)} for name, value in numbers.items()],
            hide_index=True, height="content", row_height=29, alt="Measures of the strategy",
        )  # fmt: skip
    rows = repeats(numbers)
    if rows:
        st.plotly_chart(score_charts.repeats(rows), key="repeats", config=QUIET, alt="Accuracy against attempts")
    for name, table in tables.items():
        st.caption(name.replace("_", " ").capitalize())
        st.dataframe(
            table, hide_index=True, height="content", row_height=29, alt=name, column_config={
                column: st.column_config.NumberColumn(column.replace("_", " "), format=shown(column))
                for column, value in table[0].items() if isinstance(value, int | float)
            },
        )  # fmt: skip
        figure = score_charts.lengths(table)
        if figure is not None:
            st.plotly_chart(figure, key=f"lengths-{name}", config=QUIET, alt="Obtained against requested length")


def shown(column: str) -> str:
    """How a column of a measure is written."""
    return "percent" if column in PERCENT else "%.4g"


def number(name: str, value: float | None) -> str:
    """A measure as people write it."""
    if value is None:
        return "unknown"
    return share(value) if "@" in name or name.endswith("rate") or name == "agreement" else f"{value:,.4g}"


def by_group(run: Run, table: pa.Table) -> None:
    """Accuracy by subject and by level, where the benchmark has several."""
    path = str(run.request.inputs.get("benchmark", ""))
    found = {"subject": groups(table, subjects(table)), "level": groups(table, levels(path) if path else {})}
    drawn = {name: rows for name, rows in found.items() if rows}
    for column, (name, rows) in zip(st.columns(max(1, len(drawn))), drawn.items(), strict=False):
        column.caption(f"Accuracy by {name} (problems)")
        column.plotly_chart(score_charts.by_group(rows), key=f"by-{name}", config=QUIET, alt=f"Accuracy by {name}")


def read(run: Run, scores: dict[str, Any]) -> None:
    """The answers of a run, where they are."""
    path = run.out / "samples.parquet"
    if not path.is_file():
        return
    table = samples(str(path), path.stat().st_mtime_ns)
    by_group(run, table)
    seen = [*scores.get("contaminated_ids", []), *scores.get("overlapping_ids", [])]
    st.subheader("Answers", anchor=False)
    answers.show(table, seen, f"answers-{run.id}")
