"""Compare: students side by side, and two of them problem by problem."""

import streamlit as st

from curation.workspace import Workspace
from pages.ui import charts
from pages.ui.scores import PERCENT, row
from pages.ui.state import offer_samples, runs, screen


def comparison(work: Workspace) -> None:
    """All finished evaluations of one benchmark."""
    found = [run for run in runs(work, "evaluate") if run.result("scores.json")]
    if not found:
        with st.container(border=True):
            st.write("Nothing is evaluated yet. Evaluate two students on the same benchmark to compare them.")
            st.page_link("pages/evaluate.py", label="Evaluate a student", icon=":material/fact_check:")
        return
    rows = [row(run) for run in found]
    st.dataframe(rows, hide_index=True, height="auto", placeholder="", alt="Students", column_config=PERCENT)
    shown = [
        charts.Interval(f"{line['Student']}", line["Accuracy"], line["95 % from"], line["95 % to"])
        for line in rows
        if line["Accuracy"] is not None
    ]
    st.plotly_chart(charts.accuracies(shown), key="accuracies", config={"displayModeBar": False})


with screen("Compare", "Accuracy with its interval, length and no-answer rate; then problem by problem.") as work:
    if not offer_samples(work):
        comparison(work)
