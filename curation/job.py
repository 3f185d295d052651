"""The worker's side of a run: status, metrics, cancellation, the lock for heavy runs, and how a run ends."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

from curation import waiting
from curation.ceiling import lift
from curation.disk import refusal
from curation.errors import UserError
from curation.life import beating, here, started
from curation.runs import ACTIVE, Request, Run, State, Status, replace_text

PROGRESS_EVERY = 0.3  # seconds
LIGHT = ("study", "serve")  # kinds that wait for others, or that others wait for: they must not hold the lock
RESERVE = 64 * 1024  # bytes kept on the disk, so that a run that filled it can still say so


class Cancelled(Exception):
    """Raised between batches after somebody asked the run to stop."""


class Job:
    """What a task may do to its run: report, and ask whether to stop."""

    def __init__(self, run: Run, first: bool = True) -> None:
        """Take over the run's folder; of several processes the first alone, so the others write nothing."""
        self.run, self.request, self.out, self.first = run, run.request, run.out, first
        self._started, self._began = time.time(), time.monotonic()
        self.stopped_by: str | None = None  # known once somebody asked by a signal
        self._last_progress = self._last_counts = 0.0
        self._uncounted: Mapping[str, Any] = {}
        self._reserve = run.folder / ".reserve"
        signal.signal(signal.SIGTERM, self._on_terminate)
        if not first:
            return
        self._reserve.write_bytes(bytes(RESERVE))
        cut_half_line(run.folder / "metrics.jsonl")

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def stop(self, who: str = "") -> None:
        """Stop between batches; the status names who asked where that is not plain."""
        self.stopped_by = self.stopped_by or who

    def status(self, state: State, error: str | None = None) -> None:
        """Replace status.json."""
        if not self.first:
            return
        pid = process()
        if state == "running":  # what it waited is no part of what it took
            self._started, self._began = time.time(), time.monotonic()
        # what it took, also where the clock was set meanwhile
        ended = None if state in ACTIVE else self._started + time.monotonic() - self._began
        if ended:
            self._reserve.unlink(missing_ok=True)
            self._count()
        status = Status(
            state=state, host=here(), pid=pid, pid_started=started(pid), started=self._started, ended=ended,
            error=error,
        )  # fmt: skip
        replace_text(self.run.folder / "status.json", status.model_dump_json())

    def metric(self, **values: float | int | str | None) -> None:
        """Append one line to metrics.jsonl."""
        if not self.first:
            return
        with open(self.run.folder / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": round(time.monotonic() - self._began, 3), **values}) + "\n")

    def progress(self, done: int, total: int, label: str = "") -> None:
        """Report how far the run is; raises Cancelled when it was asked to stop."""
        self.check()
        if done >= total or time.monotonic() - self._last_progress > PROGRESS_EVERY:
            self._last_progress = time.monotonic()
            self.metric(done=done, total=total, label=label)

    def counts(self, values: Mapping[str, Any]) -> None:
        """Report what was asked so far, at most as often as progress."""
        self._uncounted = values
        if time.monotonic() - self._last_counts > PROGRESS_EVERY:
            self._last_counts = time.monotonic()
            self._count()

    def _count(self) -> None:
        if self._uncounted:
            self.metric(**self._uncounted)
            self._uncounted = {}

    def stopping(self) -> bool:
        """True once somebody asked the run to stop."""
        return self.stopped_by is not None or (self.run.folder / "cancel").exists()

    def check(self) -> None:
        """Raise Cancelled once somebody asked the run to stop."""
        if self.stopping():
            raise Cancelled


Task = Callable[[Job], None]


def work(folder: Path, tasks: Mapping[str, Task]) -> int:
    """Run the folder's task to its end and say in status.json how it ended; returns an exit code."""
    prepare()
    return carry_out(Job(Run(folder)), tasks)


def prepare() -> None:
    """What every process of a run does first."""
    lift()  # it may have been started below a ceiling that was meant for another
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")


def carry_out(job: Job, tasks: Mapping[str, Task]) -> int:
    """Do the job once it is its turn, and say in status.json how it ended; returns an exit code."""
    with beating(job.run.folder):
        job.status("queued")
        try:
            with nullcontext() if _light(job.request) else waiting.turn(job.run, job.check):
                job.status("running")
                tasks[job.request.kind](job)
            job.status("done")
            return 0
        except Cancelled:
            job.status("cancelled", job.stopped_by or None)
            return 1
        except UserError as error:
            job.status("failed", str(error))
            logging.error("%s", error)
            return 2
        except Exception as error:  # the status first: on a full disk the log may fail
            job.status("failed", refusal(error, job.run.folder) or f"{type(error).__name__}: {error}")
            logging.exception("The run failed")
            return 1


def _light(request: Request) -> bool:
    """Some kinds always are, others say so: a few questions to a server need not wait for a training."""
    return request.kind in LIGHT or bool(request.inputs.get("light"))


def process() -> int:
    """The process that stands for the run: the launcher where several work on it together."""
    return os.getppid() if "LOCAL_RANK" in os.environ else os.getpid()


def cut_half_line(path: Path) -> None:
    """Remove what a killed worker left of its last line."""
    if path.exists():
        whole = path.read_bytes().rfind(b"\n") + 1
        os.truncate(path, whole)
