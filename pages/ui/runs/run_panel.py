"""One run on screen: state, progress, time left, curves, cancel, resume, log; polls only while it is active."""

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import time
from typing import Any, Literal

import streamlit as st

from curation.runs import ACTIVE, Run, State, Status
from pages.ui.reading.maths import inline, visible
from pages.ui.runs import run_curves

POLL = 1.0  # seconds
LOG_LINES, FEW_LINES, LOG_HEIGHT = 40, 8, 260  # the last in pixels
DEFECT = re.compile(r"[A-Za-z_.]+: ")  # the type of an exception; a sentence has a space before its first colon
COLOURS: dict[State, Literal["gray", "blue", "green", "red", "orange"]] = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "orange",
    "lost": "red",
}
MEANING: dict[State, str] = {
    "queued": "starts as soon as no other heavy run is active",
    "running": "",
    "done": "",
    "failed": "stopped on an error",
    "cancelled": "stopped on request; resuming does only what is missing",
    "lost": "its process ended without a word; resuming does only what is missing",
}


STOPS = {"Cancel": "stop_circle", "Pause": "pause_circle"}


def panel(run: Run, key: str, curve: bool = True, note: str = "", stop: str = "Cancel") -> None:
    """Draw a run and keep it up to date while it is active; a note stands where the state's meaning would.

    `stop` is what stopping is called.
    """
    state = run.status().state
    every = POLL if state in ACTIVE else None
    st.fragment(_draw, run_every=every, key=f"fragment-{key}-{run.id}")(run, key, state, curve, note, stop)


def _draw(run: Run, key: str, before: State, curve: bool, note: str, stop: str) -> None:
    status, metrics = run.status(), run.metrics()
    if before in ACTIVE and status.state != before:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(status.state, color=COLOURS[status.state])
        st.markdown(f"**{inline(run.request.title)}** :gray[{run.id[-4:]}]", width="content")
        st.caption(note or _when(status, metrics), width="content")
        _buttons(run, status, key, stop)
    if status.state == "running":
        _progress(metrics)
    if status.state in ("failed", "lost"):
        _why(run, status)
    if curve:
        curves({run.request.title: metrics}, f"{key}-{run.id}")
    if status.state == "queued":
        return
    if status.state in ("failed", "lost") or st.toggle("Show log", key=f"log-{key}-{run.id}"):
        _log(run)


def curves(runs: Mapping[str, Sequence[Mapping[str, Any]]], key: str) -> None:
    """What the runs have logged: the group and what it is drawn against can be chosen; of several runs one name."""
    groups = run_curves.groups([line for lines in runs.values() for line in lines])
    if not groups:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = st.segmented_control(
            "Curve", list(groups), default=next(iter(groups)), required=True, key=f"group-{key}", width="content"
        )
        names = groups.get(str(group), next(iter(groups.values())))
        name = names[0]
        if len(runs) > 1 and len(names) > 1:
            name = st.selectbox("Number", names, key=f"name-{key}-{group}", format_func=run_curves.words, width=240)
        along = st.segmented_control(
            "Against", list(run_curves.AXES), default="Steps", required=True, key=f"axis-{key}", width="content"
        )
    axis = run_curves.AXES.get(str(along), "step")
    one = run_curves.one_run(next(iter(runs.values())), str(group), names, axis) if len(runs) == 1 else None
    st.plotly_chart(
        one or run_curves.several(runs, name, axis), key=f"curve-{key}", config={"displayModeBar": False},
        alt=f"{group} against {str(along).lower()}",
    )  # fmt: skip


def _why(run: Run, status: Status) -> None:
    """The error, what to do about it, and the program that was running."""
    st.error(visible(status.error or last_line(run.log_tail())), icon=":material/error:")
    st.caption(advice(status))
    st.code(shlex.join(run.command()), language="bash", wrap_lines=True)


def last_line(log: str) -> str:
    """The last line of a log that says something."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1] if lines else "The log is empty."


def advice(status: Status) -> str:
    """What to do about a run that did not finish."""
    if status.state == "lost":
        return (
            "Its process was killed or the machine went down, often for want of memory. Resume does only what is "
            "missing; if it is lost again, start a changed copy that needs less memory."
        )
    if DEFECT.match(status.error or ""):
        return (
            "This is a defect of the program or of a library, not of your settings: the end of the log says where. "
            "Resume tries only the missing part again; the command below does the same in a terminal."
        )
    return "Mend what the message names and resume, or start a changed copy; resuming keeps the settings as they are."


def _buttons(run: Run, status: Status, key: str, stop: str) -> None:
    if status.state in ACTIVE:
        asked = (run.folder / "cancel").exists()
        name = f"{stop.removesuffix('e')}ing" if asked else stop
        if st.button(name, key=f"cancel-{key}-{run.id}", icon=f":material/{STOPS[stop]}:", disabled=asked):
            run.cancel()
            st.rerun(scope="app")
        return
    if status.state == "done":
        return
    if st.button("Resume", key=f"resume-{key}-{run.id}", icon=":material/play_circle:"):
        run.launch()
        st.rerun(scope="app")


def _progress(metrics: list[dict[str, Any]]) -> None:
    done, total, label = progress(metrics)
    if total:
        st.progress(min(1.0, done / total), text=f"{visible(label)} {done:,} of {total:,}".strip())
    else:
        st.progress(float(label == "ready"), text=label.capitalize() or "Starting")


def progress(metrics: list[dict[str, Any]]) -> tuple[int, int, str]:
    """Done, total and what is counted, from the last line that says so; zeros before there is one."""
    for line in reversed(metrics):
        if line.get("max_steps"):
            return int(line["step"]), int(line["max_steps"]), "Steps"
        if line.get("total"):
            return int(line["done"]), int(line["total"]), str(line.get("label") or "")
        if line.get("state"):  # of a server
            return 0, 0, str(line["state"])
    return 0, 0, ""


def eta(metrics: list[dict[str, Any]]) -> float | None:
    """Seconds left at the pace of the current stage, or None before a pace is known."""
    if metrics and metrics[-1].get("eta_seconds") is not None:
        return float(metrics[-1]["eta_seconds"])
    _, total, label = progress(metrics)
    stage = [m for m in metrics if m.get("total") == total and (m.get("label") or "") == label and "time" in m]
    if len(stage) < 2 or not total:
        return None
    done, seconds = stage[-1]["done"] - stage[0]["done"], stage[-1]["time"] - stage[0]["time"]
    return (total - stage[-1]["done"]) * seconds / done if done > 0 and seconds > 0 else None


def _when(status: Status, metrics: list[dict[str, Any]]) -> str:
    words = [MEANING[status.state]] if MEANING[status.state] else []
    if status.started and (status.ended or status.state == "running"):
        taken = max(0.0, (status.ended or time()) - status.started)
        words.append(f"{'took' if status.ended else 'runs for'} {duration(taken)}")
    left = eta(metrics) if status.state == "running" else None
    return ", ".join([*words, *([f"about {duration(left)} left"] if left is not None else [])])


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return str(timedelta(seconds=round(seconds)))


def _log(run: Run) -> None:
    lines = visible(run.log_tail()).splitlines()[-LOG_LINES:]
    height = LOG_HEIGHT if len(lines) > FEW_LINES else "content"
    st.code("\n".join(lines) or "(the log is empty)", language=None, wrap_lines=True, height=height)
