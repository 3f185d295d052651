"""Choosing a student: the shipped base, one trained here, a local folder, or a name on the hub."""

from collections.abc import Mapping

import streamlit as st

from curation.connection import BASE, MODEL
from curation.connection import read as connections
from curation.runs import Run
from curation.workspace import Workspace
from pages.ui.state import runs
from training.student import Student, resolve

OTHER = "Folder or hub name"


def trained(work: Workspace) -> dict[str, Run]:
    """Train runs that left a model, by id, newest first."""
    return {run.id: run for run in runs(work, "train") if (run.out / MODEL).is_dir()}


def names(work: Workspace) -> dict[str, str]:
    """What students are called: a trained one by its run's title."""
    return {BASE: "Shipped base", **{name: label(name, run) for name, run in trained(work).items()}}


def served(work: Workspace) -> dict[str, str]:
    """What connections are called, for what only asks a student."""
    return {name: f"{name} ({connection.title()})" for name, connection in connections(work.root).items()}


def label(run_id: str, run: Run) -> str:
    """A trained student by what it was trained for and when."""
    return f"{run.request.title} ({run_id[-4:]})"


def choose(
    work: Workspace, key: str, asked: str | None = None, also: Mapping[str, str] | None = None
) -> Student | None:
    """Draw the choice, a trained student or a path chosen first where asked; None while nothing is named."""
    known = {**names(work), **(also or {}), OTHER: OTHER}
    path = asked if asked and "/" in asked else ""  # a run's id has none
    start = list(known).index(OTHER if path else asked) if path or asked in known else 0
    name = st.selectbox("Student", list(known), start, key=key, format_func=lambda name: known[name])
    if name == OTHER:
        name = st.text_input(OTHER, path, key=f"{key}-other", placeholder="/models/qwen-0.5b or owner/name")
    return resolve(name.strip(), work.runs_root) if name.strip() else None
