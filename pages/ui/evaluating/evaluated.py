"""Finished evaluations, read once a process, and tables of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from curation.runs import Run
from curation.workspace import Workspace
from pages.ui.state import runs
from training.comparing.compare import Against, Comparison, compare
from training.comparing.evaluations import Evaluation, evaluation
from training.comparing.scoreboard import Line, cleanliness

BESIDE: dict[str, Any] = {
    "Student": st.column_config.TextColumn("Student", width=230),
    **{name: st.column_config.NumberColumn(name, format="%+.1f") for name in ("Points", "95 % from", "95 % to")},
    **{name: st.column_config.NumberColumn(name, format="%.2g") for name in ("p", "p corrected")},
}
PERCENT = ("Accuracy", "95 % from", "95 % to", "No answer")


@st.cache_resource(show_spinner=False, max_entries=64)
def _read(folder: str) -> Evaluation:
    return evaluation(Run(Path(folder)))


def finished(work: Workspace) -> list[Evaluation]:
    """The finished evaluations of the workspace, newest first."""
    done = [run for run in runs(work, "evaluate") if run.result("scores.json")]
    return [_read(str(run.folder)) for run in done if (run.out / "samples.parquet").is_file()]


@st.cache_data(show_spinner="Comparing the answers", max_entries=64)
def compared(ids: tuple[str, str], _a: Evaluation, _b: Evaluation) -> Comparison:
    """The paired comparison of two evaluations."""
    return compare(_a, _b)


def rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The scoreboard as rows of a table; costs only where there is a price."""
    priced = any(line.cost is not None for line in lines)
    several = len({line.benchmark for line in lines}) > 1
    found = [{**_row(number, line), **(_cost(line) if priced else {})} for number, line in enumerate(lines, 1)]
    return [{name: value for name, value in row.items() if several or name != "Benchmark"} for row in found]


def _row(number: int, line: Line) -> dict[str, Any]:
    attempts = f" x {line.attempts}" if line.attempts > 1 else ""
    return {
        "Student": f"{number}. {line.student}",
        "Benchmark": line.benchmark,
        "Strategy": line.strategy + (f", seed {line.seed}" if line.seed else ""),
        "Accuracy": line.accuracy,
        "95 % from": line.low,
        "95 % to": line.high,
        "Tokens per answer": line.tokens,
        "Tokens per right answer": line.tokens_per_correct,
        "No answer": line.no_answer_rate,
        "Problems": f"{line.n:,}{attempts}",
        "Trained on these problems": cleanliness(line),
        "On the frontier": line.on_frontier,
    }


def _cost(line: Line) -> dict[str, Any]:
    return {"Cost": line.cost, "Cost per right answer": line.cost_per_correct}


def columns() -> dict[str, Any]:
    """How the scoreboard's columns are drawn."""
    number = st.column_config.NumberColumn
    return {
        **{name: number(name, format="percent") for name in PERCENT},
        "Student": st.column_config.TextColumn("Student", width=210),
        "Trained on these problems": st.column_config.TextColumn("Trained on these problems", width=220),
        **{name: number(name, format="%.0f") for name in ("Tokens per answer", "Tokens per right answer")},
        **{name: number(name, format="%.4g") for name in ("Cost", "Cost per right answer")},
        "On the frontier": st.column_config.CheckboxColumn("On the frontier", width=90),
    }


def beside(one: Against, number: int) -> dict[str, Any]:
    """A student against the baseline as a row; all unknown where they cannot be compared."""
    made = one.comparison
    known = one.corrected is not None
    return {
        "Student": f"{number}. {one.evaluation.student}",
        "Points": made and 100 * made.difference,
        "95 % from": made and 100 * made.interval.low,
        "95 % to": made and 100 * made.interval.high,
        "p": made and made.p_value,
        "p corrected": one.corrected,
        "Verdict": ("more than chance" if (one.corrected or 0) < 0.05 else "may be chance") if known else None,
        "Problems": made and made.n,
        "Needed": made and made.needed,
    }
