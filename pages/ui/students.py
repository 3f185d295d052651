"""Choosing a student: the shipped base, one trained here, a local folder, or a name on the hub."""

import streamlit as st

from curation.runs import Run
from curation.workspace import Workspace
from pages.ui.state import get, runs
from training.student import BASE, MODEL, Student, resolve

OTHER = "Folder or hub name"


def trained(work: Workspace) -> dict[str, Run]:
    """Train runs that left a model, by id, newest first."""
    return {run.id: run for run in runs(work, "train") if (run.out / MODEL).is_dir()}


def choose(work: Workspace, key: str) -> Student | None:
    """Draw the choice; None while nothing is named."""
    known = trained(work)
    names = {BASE: "Shipped base", **{name: run.request.title for name, run in known.items()}, OTHER: OTHER}
    asked = get("run")
    start = list(names).index(asked) if asked in known else 0
    name = st.selectbox("Student", list(names), start, key=key, format_func=lambda name: label(name, names))
    if name == OTHER:
        name = st.text_input(OTHER, key=f"{key}-other", placeholder="/models/qwen-0.5b or owner/name")
    return resolve(name.strip(), work.runs_root) if name.strip() else None


def label(name: str, names: dict[str, str]) -> str:
    """A trained student by what it was trained for and when."""
    return names[name] if name in (BASE, OTHER) else f"{names[name]} ({name[9:11]}:{name[11:13]}, {name[-4:]})"
