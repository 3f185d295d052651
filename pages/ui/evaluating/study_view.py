"""A study's run on screen: its cells as they arrive, charts and table of what it found, and what was expected."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.runs import ACTIVE, Run
from pages.ui.evaluating import study_charts
from pages.ui.reading.maths import inline, unlinked
from pages.ui.runs.run_panel import panel
from training.studies import view
from training.studies.grid import Axis, axes
from training.studies.knobs import knobs
from training.studies.results import Outcome, read_outcomes
from training.studies.study import Study

POLL = 2.0  # seconds
PERCENT = ("Accuracy", "95 % from", "95 % to", "No answer")
WHOLE = ("Tokens per answer", "Tokens per correct", "Trained tokens", "Seconds", "Rows")
COLUMNS: dict[str, Any] = {
    **{name: st.column_config.NumberColumn(name, format="percent") for name in PERCENT},
    **{name: st.column_config.NumberColumn(name, format="%.0f") for name in WHOLE},
    "Reason": st.column_config.TextColumn("Reason", width="large"),
}
BARE: dict[str, Any] = {"displayModeBar": False}
RUNS = {"apply": "Set", "train": "Training", "evaluate": "Evaluation"}


def show(run: Run) -> None:
    """The run's panel, and below it what is kept up to date while it is active."""
    panel(run, "study", curve=False)
    active = run.status().state in ACTIVE
    st.fragment(_draw, run_every=POLL if active else None, key=f"study-{run.id}")(run, active)


def _draw(run: Run, active: bool) -> None:
    study = Study.parse(run.request.spec)
    known = knobs(study)
    turned = [axis._replace(name=known.get(axis.name, axis.name)) for axis in axes(study)]
    found = read_outcomes(run.result("study.json") or {"outcomes": []})
    results, cells = st.tabs(["Results", "Cells"], key=f"study-tabs-{run.id}")
    with results:
        _results(run, study, turned, found)
    with cells:
        _cells(run, [axis.name for axis in turned], active)


def _results(run: Run, study: Study, turned: Sequence[Axis], found: Sequence[Outcome]) -> None:
    if not found:
        st.caption("Charts appear as soon as the first cell is finished.")
    elif turned:
        _charts(run, turned, found)
    if study.expected:
        with st.container(border=True):
            st.caption("Expected")
            st.markdown(inline(study.expected))
    if found:
        st.caption("What was seen" if study.expected else "Outcomes")
        st.dataframe(view.table(found, turned), hide_index=True, height="auto", placeholder="", alt="Outcomes",
                     column_config=COLUMNS)  # fmt: skip
        if len(study.seeds) == 1:
            st.caption("One seed: the intervals count how problems vary, not how trainings do.")
        _downloads(run)


def _charts(run: Run, turned: Sequence[Axis], found: Sequence[Outcome]) -> None:
    names = [axis.name for axis in turned]
    knob = names[view.first_axis(turned)]
    if len(names) > 1:
        knob = st.segmented_control("Drawn against", names, default=knob, required=True, key=f"knob-{run.id}")
    place = names.index(knob)
    for measure, column in zip(study_charts.TITLES, st.columns(2), strict=True):
        figure = study_charts.sweep(view.lines(found, turned, place, measure), knob, measure)
        column.plotly_chart(figure, key=f"{measure}-{run.id}", config=BARE, alt=f"{measure} against {knob}")
    if len(names) == 2:
        for measure, column in zip(study_charts.TITLES, st.columns(2), strict=True):
            figure = study_charts.heat_map(view.heat(found, turned, measure), names[0], names[1], measure)
            column.plotly_chart(figure, key=f"map-{measure}-{run.id}", config=BARE, alt=f"Map of {measure}")


def _downloads(run: Run) -> None:
    kinds = {"study.json": "application/json", "table.md": "text/markdown", "chart.svg": "image/svg+xml"}
    with st.container(horizontal=True):
        for name, kind in kinds.items():
            path = run.out / name
            if path.is_file():
                st.download_button(name, path.read_bytes(), f"{run.id}-{name}", kind, icon=":material/download:",
                                   on_click="ignore", key=f"{name}-{run.id}")  # fmt: skip


def _cells(run: Run, names: Sequence[str], active: bool) -> None:
    cells: list[Mapping[str, Any]] = (run.result("cells.json") or {"cells": []})["cells"]
    if not cells:
        st.caption("No cell was begun yet.")
        return
    rows = view.board(cells, names, active=active)
    st.caption(f"{view.counted(rows)}. Choose a cell to open its runs.")
    key = f"cells-{run.id}"
    st.dataframe(
        rows, key=key, on_select="rerun", selection_mode="single-row", hide_index=True, placeholder="",
        height="auto", alt="Cells", column_config=COLUMNS,
    )  # fmt: skip
    picked = st.session_state[key]["selection"]["rows"]
    if picked and picked[0] < len(cells):
        _cell(cells[picked[0]])


def _cell(cell: Mapping[str, Any]) -> None:
    """The runs of a cell and why it failed."""
    with st.container(border=True):
        st.markdown(f"**{inline(cell['name'])}**")
        if cell["state"] == "failed":
            st.error(unlinked(str(cell.get("error"))), icon=":material/error:")
        with st.container(horizontal=True):
            for kind, name in RUNS.items():
                if kind in cell["runs"]:
                    st.page_link("pages/runs.py", label=name, icon=":material/open_in_new:",
                                 query_params={"run": cell["runs"][kind]})  # fmt: skip
