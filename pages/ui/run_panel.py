"""One run on screen: state, progress, time left, loss curve, cancel, resume, log; polls only while it is active."""

from datetime import timedelta
from time import time
from typing import Any, Literal

import streamlit as st

from curation.runs import ACTIVE, Run, State, Status
from pages.ui import charts
from pages.ui.maths import inline, visible

POLL = 1.0  # seconds
LOG_LINES = 40
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


def panel(run: Run, key: str, curve: bool = True) -> None:
    """Draw a run and keep it up to date while it is active."""
    active = run.status().state in ACTIVE
    st.fragment(_draw, run_every=POLL if active else None, key=f"fragment-{key}-{run.id}")(run, key, active, curve)


def _draw(run: Run, key: str, was_active: bool, curve: bool) -> None:
    status, metrics = run.status(), run.metrics()
    if was_active and status.state not in ACTIVE:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(status.state, color=COLOURS[status.state])
        st.markdown(f"**{inline(run.request.title)}**", width="content")
        st.caption(_when(status, metrics), width="content")
        _buttons(run, status, key)
    if status.state == "running":
        _progress(metrics)
    if status.error:
        st.error(visible(status.error), icon=":material/error:")
    if curve and any(line.get("loss") is not None for line in metrics):
        st.plotly_chart(
            charts.curve(metrics), key=f"curve-{key}", config={"displayModeBar": False},
            alt="Loss of the run against its steps",
        )  # fmt: skip
    if status.state in ("failed", "lost") or st.toggle("Show log", key=f"log-{key}-{run.id}"):
        _log(run)


def _buttons(run: Run, status: Status, key: str) -> None:
    if status.state in ACTIVE:
        asked = (run.folder / "cancel").exists()
        name = "Cancelling" if asked else "Cancel"
        if st.button(name, key=f"cancel-{key}-{run.id}", icon=":material/stop_circle:", disabled=asked):
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
        st.progress(0.0, text="Starting")


def progress(metrics: list[dict[str, Any]]) -> tuple[int, int, str]:
    """Done, total and what is counted, from the last line that says so; zeros before there is one."""
    for line in reversed(metrics):
        if line.get("max_steps"):
            return int(line["step"]), int(line["max_steps"]), "Steps"
        if line.get("total"):
            return int(line["done"]), int(line["total"]), str(line.get("label") or "")
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
        words.append(f"{'took' if status.ended else 'runs for'} {duration((status.ended or time()) - status.started)}")
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
    tail = "\n".join(visible(run.log_tail()).splitlines()[-LOG_LINES:])
    st.code(tail or "(the log is empty)", language=None, wrap_lines=True, height=260)
