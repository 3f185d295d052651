"""The server of a connection that Winnow serves itself: started, watched while it starts, stopped."""

from time import time

import streamlit as st

from curation.connection import Connection
from curation.runs import ACTIVE, Run, State
from curation.serving import Served, running_servers, server_runs, start_server
from curation.workspace import Workspace
from pages.ui.reading.maths import unlinked, visible
from pages.ui.runs.run_panel import MEANING, advice, duration
from pages.ui.state import errors, runs
from pages.ui.teaching import model_list

FAST, SLOW = 1.0, 5.0  # seconds between looks at a server that starts, and at one that runs
LINES, FEW, HEIGHT = 14, 5, 240  # of the log; pixels


def state_of(work: Workspace, name: str) -> model_list.State:
    """How a server stands."""
    if name in running_servers(work.root):
        return "running"
    return "starting" if name in server_runs(work.root) else "stopped"


def last_run(work: Workspace, name: str) -> Run | None:
    """The newest run that served a connection."""
    return next((run for run in runs(work, "serve") if run.request.spec.get("name") == name), None)


def show(work: Workspace, name: str, connection: Connection) -> bool:
    """The server of a served connection with its buttons; True while it starts or runs."""
    if not isinstance(connection, Served):
        return False
    run = last_run(work, name)
    state = run.status().state if run else "done"
    with st.container(border=True):
        if state not in ACTIVE:
            _stopped(work, name, run, state)
            return False
        assert run
        every = SLOW if name in running_servers(work.root) else FAST
        st.fragment(_active, run_every=every, key=f"server-{run.id}-{every}")(work, name, run)
    return True


def _stopped(work: Workspace, name: str, run: Run | None, state: State) -> None:
    """Start, and why the last one ended where it did not end on request."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge("stopped", color="gray")
        st.caption("Its server does not run; steps that ask this model need it.", width="content")
        if st.button("Start server", type="primary", icon=":material/play_arrow:", key=f"start-{name}"):
            with errors():
                start_server(work.root, name)
                st.rerun()
    if run and state in ("failed", "lost"):
        status = run.status()
        st.error(f"Last time: {unlinked(status.error or MEANING[state])}", icon=":material/error:")
        st.caption(advice(status) if state == "failed" else "Start it again; answers that were finished are kept.")
        if st.toggle("Show log", key=f"server-log-{run.id}"):
            _log(run)


def _active(work: Workspace, name: str, run: Run) -> None:
    status, server = run.status(), running_servers(work.root).get(name)
    if status.state not in ACTIVE:
        st.rerun()
    asked = (run.folder / "cancel").exists()
    with st.container(horizontal=True, vertical_alignment="center"):
        word = "stopping" if asked else "running" if server else "starting"
        st.badge(word, color="green" if server and not asked else "blue")
        since = f"for {duration(time() - status.started)}" if status.started else ""
        st.caption(f"at {server.url}, {since}" if server else f"{since}; half a minute is usual", width="content")
        if st.button("Stop server", icon=":material/stop_circle:", key=f"stop-{name}", disabled=asked):
            run.cancel()
            st.rerun(scope="app")
    was_running = st.session_state.get(f"ready-{run.id}", bool(server))
    st.session_state[f"ready-{run.id}"] = bool(server)
    if bool(server) != was_running:
        st.rerun()
    if not server or st.toggle("Show log", key=f"server-log-{run.id}"):
        _log(run)


def _log(run: Run) -> None:
    lines = visible(run.log_tail()).splitlines()[-LINES:]
    height = HEIGHT if len(lines) > FEW else "content"
    st.code("\n".join(lines) or "(the log is empty)", language=None, wrap_lines=True, height=height)
