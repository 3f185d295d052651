"""`python -m curation serve NAME`: a model's server in a terminal; Ctrl-C stops it, or `--stop` from another one."""

import argparse
import json
import sys
import time

from curation.errors import UserError
from curation.runs import ACTIVE, Run
from curation.serving import Server, running_servers, start_server, stop_server
from curation.workspace import Workspace

POLL = 0.2  # seconds


def serve_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Serve a model with vLLM until Ctrl-C."""
    if given.stop:
        return _stopped(stop_server(workspace.root, given.model))
    run = start_server(workspace.root, given.model)
    try:
        while run.status().state in ACTIVE:
            server = running_servers(workspace.root).get(given.model)
            if server:
                _tell(server, given.json)
                _wait(run)
            time.sleep(POLL)
    except KeyboardInterrupt:
        run.cancel()
    _stopped(run)


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Which model, and whether its server starts or stops."""
    parser.add_argument("model", metavar="NAME", help="A connection of models.yaml whose backend is vllm")
    parser.add_argument("--stop", action="store_true", help="Stop the running server of that name")


def _tell(server: Server, as_json: bool) -> None:
    line = f"{server.name} answers at {server.url} (run {server.run}); Ctrl-C stops it"
    sys.stdout.write(
        (json.dumps({"name": server.name, "url": server.url, "run": server.run}) if as_json else line) + "\n"
    )
    sys.stdout.flush()


def _wait(run: Run) -> None:
    while run.status().state in ACTIVE:
        time.sleep(POLL)


def _stopped(run: Run) -> None:
    """Being stopped is the end of a server; UserError for any other."""
    _wait(run)
    status = run.status()
    if status.state != "cancelled":
        log = run.folder / "log.txt"
        raise UserError(status.error or f"The server of run {run.id} ended as {status.state}; its log is {log}.")
    sys.stdout.write(f"{run.request.spec['name']} is stopped\n")
