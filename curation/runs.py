"""A run is a folder: the launcher writes `run.json`, the worker everything else, pages only read.

runs/20261121-073012-train-4f2a/
run.json       kind, worker module, spec, inputs, seed, code version; written once, after what lies in in/
launch.json    host and pid of the last launched worker
status.json    owned by the worker, replaced atomically
.alive         touched by the worker while it is active, for those on other machines
metrics.jsonl  appended: {"step": 3, "loss": 2.1} or {"done": 5, "total": 9}
log.txt        stdout and stderr of the worker
out/           results; a part that exists is complete
cancel         empty file; the worker stops cleanly between batches
"""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from curation.errors import UserError
from curation.life import HEART, here, lives, started
from curation.places import child

VERSION = "0.1.0"
State = Literal["queued", "running", "done", "failed", "cancelled", "lost"]
ACTIVE: tuple[State, ...] = ("queued", "running")
PROJECT = Path(__file__).resolve().parents[1]
LOG_TAIL = 20_000  # bytes
SETTINGS = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # of the environment of every worker
PORT = "29500"  # accelerate's own, where the first of several machines names none


class Request(BaseModel):
    """What a run was asked to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["import", "annotate", "apply", "train", "evaluate", "study", "try", "generate", "serve"]
    worker: Literal["curation.worker", "training.worker"]
    title: str
    spec: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    seed: int = 0
    code_version: str = VERSION


class Status(BaseModel):
    """How a run stands; `lost` is computed from a dead process, never stored."""

    model_config = ConfigDict(frozen=True)
    state: State = "queued"
    host: str | None = None
    pid: int | None = None
    pid_started: float | None = None
    started: float | None = None
    ended: float | None = None
    error: str | None = None

    def owner(self) -> tuple[str | None, int | None, float | None]:
        """The process that stands for the run: its machine, its id there, when it began."""
        return self.host, self.pid, self.pid_started


class Run:
    """Reads one run folder; launches and cancels its worker."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is read yet."""
        self.folder = folder

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def out(self) -> Path:
        """Where the worker leaves its results."""
        return self.folder / "out"

    @property
    def request(self) -> Request:
        """What was asked; UserError when the folder is no run."""
        path = self.folder / "run.json"
        if not path.is_file():
            raise UserError(f"There is no run '{self.id}' in {self.folder.parent}: run.json is missing.")
        return Request.model_validate_json(path.read_text())

    @property
    def kind(self) -> str:
        """What it does, from its id, so that a list of runs is sorted out without reading each."""
        return self.id[16:].rsplit("-", 1)[0]

    @property
    def created(self) -> datetime:
        """When the run was created, from its id."""
        return datetime.strptime(self.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)

    def status(self) -> Status:
        """The worker's own account, corrected by whether its process still lives."""
        path, launched = self.folder / "status.json", _read_json(self.folder / "launch.json")
        status = Status.model_validate_json(path.read_text()) if path.exists() else Status()
        if launched:
            waiting = Status(**launched)
            known = (waiting.host, waiting.pid) == (status.host, status.pid)
            if not known and lives(*waiting.owner(), self.folder / "launch.json"):  # written as it was started
                return waiting
        if not path.exists() and self.machines():
            return Status(state="cancelled" if (self.folder / "cancel").exists() else "queued")
        if status.state in ACTIVE and not lives(*status.owner(), self.folder / HEART):
            return status.model_copy(update={"state": "lost"})
        return status

    def stamp(self) -> tuple[int, int] | None:
        """Another one with every status the worker writes; None before the first."""
        try:
            written = os.stat(f"{self.folder}/status.json")
        except FileNotFoundError:
            return None
        return written.st_ino, written.st_mtime_ns

    def launch(self) -> None:
        """Start the worker in its own session; relaunching does only what is missing."""
        if self.machines():
            raise UserError(
                f"Run '{self.id}' is started on each of its machines; python -m training resume {self.id} writes how."
            )
        with open(self.folder / ".launch.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of two who launch at once, the second finds it running
            state = self.status().state
            if state in ACTIVE:
                raise UserError(f"Run '{self.id}' is already {state}; cancel it before resuming.")
            self._start()

    def machines(self) -> list[str]:
        """The machines that work on the run together, the first one leading; none where it works on one alone."""
        return list((_read_json(self.folder / "run.json") or {}).get("inputs", {}).get("machines") or ())

    def command(self, machine: int = 0) -> list[str]:
        """The program that works on the run; several processes are started by accelerate, on GPUs or on the CPU.

        Of several machines each has a program of its own.
        """
        request, python = self.request, [sys.executable, "-m"]
        worker, processes = [request.worker, str(self.folder.resolve())], int(request.inputs.get("processes") or 1)
        if processes == 1:
            return [*python, *worker]
        machines = self.machines()
        options = {"num_processes": str(processes), "num_machines": str(len(machines) or 1)}
        options |= {"mixed_precision": "no", "dynamo_backend": "no"}
        first, _, port = machines[0].partition(":") if machines else ("", "", "0")  # port 0 is any that is free
        if machines:
            options |= {"machine_rank": str(machine), "main_process_ip": first}
        options["main_process_port"] = port or PORT
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        # multi_gpu starts a process each also where there is no GPU
        return [*python, "accelerate.commands.launch", "--multi_gpu", *flags, "-m", *worker]

    def _start(self) -> None:
        (self.folder / "cancel").unlink(missing_ok=True)
        with open(self.folder / "log.txt", "ab") as log:
            process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=PROJECT,
                env={**os.environ, **SETTINGS},
                start_new_session=True,
            )  # fmt: skip
        launched = {"host": here(), "pid": process.pid, "pid_started": started(process.pid)}
        replace_text(self.folder / "launch.json", json.dumps(launched))

    def cancel(self) -> None:
        """Ask the worker to stop between batches."""
        (self.folder / "cancel").touch()

    def metrics(self) -> list[dict[str, Any]]:
        """All complete lines of metrics.jsonl; a half-written last line is left for the next look."""
        path = self.folder / "metrics.jsonl"
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines if line.strip()]

    def log_tail(self) -> str:
        """The end of log.txt."""
        path = self.folder / "log.txt"
        if not path.exists():
            return ""
        with open(path, "rb") as log:
            log.seek(max(0, path.stat().st_size - LOG_TAIL))
            return log.read().decode("utf-8", "replace")

    def result(self, name: str) -> dict[str, Any] | None:
        """A JSON result of out/, or None while it is not there."""
        return _read_json(self.out / name)


def create(root: Path, request: Request) -> Run:
    """A new run folder under root; not launched yet."""
    with staged(root, request) as run:
        return run


@contextmanager
def staged(root: Path, request: Request) -> Iterator[Run]:
    """A new run folder whose in/ is filled meanwhile: it is a run, and can be launched, once all of that is there."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = root / f"{stamp}-{request.kind}-{secrets.token_hex(2)}"
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    try:
        yield Run(folder)
        replace_text(folder / "run.json", request.model_dump_json(indent=1))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def all_runs(root: Path) -> list[Run]:
    """The runs under root, newest first."""
    names = sorted(os.listdir(root), reverse=True) if root.is_dir() else []
    return [Run(root / name) for name in names if os.path.exists(f"{root}/{name}/run.json")]


def find(root: Path, run_id: str) -> Run:
    """The run of that id; UserError names what there is."""
    run = Run(child(root, Path(run_id).name))
    if not (run.folder / "run.json").exists():
        known = ", ".join(other.id for other in all_runs(root)[:10]) or "none yet"
        raise UserError(f"There is no run '{run_id}'; runs: {known}.")
    return run


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that readers see the old text or the new, never half."""
    temporary = path.with_name(path.name + f".{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text())) if path.exists() else None
