"""The processes of one run as a group: they begin when the first does and end with it, on one machine or on many.

They talk through the store at which they met, torch's on the first machine. It belongs to one start of the run, so
that nothing of an earlier one is taken for this one, and tells at once what a shared file system tells late.
Collectives cannot do this: who waits in one for a process that is gone may wait for half an hour.
"""

import faulthandler
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from curation.errors import UserError
from curation.job import Cancelled, Job, Task, carry_out, prepare, process
from curation.life import here
from curation.runs import ACTIVE, Run
from training.running.processes import count, is_first

LOOK = 0.5  # seconds between two looks at the others
MISSED = 5.0  # ours, seconds without a sign of life from a process when something has failed and one is to blame
SILENT = 120.0  # ours, seconds without one until the run ends: nothing else may stop a process so long
GRACE = 5.0  # seconds a process has to end by itself
BEGUN, OVER, STOP, FAILED = "begun", "over", "stop", "failed"


def work_together(folder: Path, tasks: Mapping[str, Task]) -> int:
    """Do this process's part of the folder's run; returns an exit code."""
    prepare()
    group = Group()
    run = Run(folder)
    if not is_first():
        return _assist(group, Job(run, first=False), tasks)
    refused = refusal(run)
    if refused:
        logging.error("%s", refused)
        return group.end(2)
    if run.machines():  # a run that others launch has lost the wish of the last time by now
        (folder / "cancel").unlink(missing_ok=True)
    return _lead(group, Job(run), tasks)


def refusal(run: Run) -> str | None:
    """Why these processes must not work on the run; None where they may."""
    wanted, status = int(run.request.inputs.get("processes") or 1), run.status()
    if wanted != count():
        return f"Run '{run.id}' is worked on by {wanted} processes, and {count()} were started."
    if status.state in ACTIVE and status.pid and (status.host, status.pid) != (here(), process()):
        return f"Run '{run.id}' is already {status.state} on {status.host}; cancel it before resuming."
    return None


def _lead(group: "Group", job: Job, tasks: Mapping[str, Task]) -> int:
    """The first process: the others begin with it, and what ends one of them ends the run."""

    def begin(job: Job) -> None:
        group.say(BEGUN)
        try:
            tasks[job.request.kind](job)
        except (Cancelled, UserError):
            raise
        except Exception as error:
            if reason := group.blame():
                logging.exception("Another process has ended")
                raise UserError(reason) from error
            raise

    def look() -> None:
        if why := group.heard(STOP):
            job.stop(why)
        if (reason := group.trouble()) and not group.over.wait(GRACE):
            job.status("failed", reason)
            logging.error("%s", reason)
            os._exit(group.end(2))

    signal.signal(signal.SIGINT, lambda *_: job.stop())
    group.watch(look)
    return group.end(carry_out(job, {job.request.kind: begin}))


def _assist(group: "Group", job: Job, tasks: Mapping[str, Task]) -> int:
    """Any other process: it leaves it to the first to say how the run ended."""

    def pass_on() -> None:
        if job.stopped_by is not None and not group.heard(STOP):
            group.say(STOP, f"{group.name} was asked to stop.")

    def look() -> None:
        group.beat()
        pass_on()
        if (code := group.heard(OVER)) and not group.over.wait(GRACE):
            os._exit(int(code))

    signal.signal(signal.SIGINT, lambda *_: job.stop())
    group.watch(look)
    try:
        while not group.heard(BEGUN):
            if code := group.heard(OVER):
                return int(code)
            time.sleep(LOOK)
        tasks[job.request.kind](job)
        return group.left()
    except Cancelled:
        pass_on()
        return group.left() or 1
    except Exception as error:
        logging.exception("This process failed")
        return group.left(str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}")


class Group:
    """What a process hears of the others, and tells them."""

    def __init__(self) -> None:
        """Meet the others."""
        from torch.distributed.rendezvous import rendezvous

        self._store: Any = next(rendezvous("env://"))[0]
        self._rank, self._beats = int(os.environ["RANK"]), 0
        self._changed = dict.fromkeys(range(1, count()), (0, time.monotonic()))
        self.name, self.over = f"Process {self._rank} on {here()}", threading.Event()
        self.say(f"name {self._rank}", self.name)

    def say(self, word: str, value: str = "yes") -> None:
        """Tell the others."""
        self._store.set(f"winnow {word}", value)

    def heard(self, word: str) -> str | None:
        """What was told, None where nothing was."""
        key = f"winnow {word}"
        return self._store.get(key).decode() if self._store.check([key]) else None

    def beat(self) -> None:
        """Give a sign of life."""
        self._beats += 1
        self.say(f"beat {self._rank}", str(self._beats))

    def watch(self, look: Callable[[], None]) -> None:
        """Look at the others now and then; where their store is gone, the first machine is, and this process goes."""

        def watching() -> None:
            while not self.over.wait(LOOK):
                faulthandler.dump_traceback_later(SILENT, exit=True)  # a machine without power does not even refuse
                try:
                    look()
                except RuntimeError as error:
                    if not self.over.wait(GRACE):
                        logging.error("The first process cannot be reached any more: %s", error)
                        os._exit(1)
            faulthandler.cancel_dump_traceback_later()

        threading.Thread(target=watching, daemon=True, name="group").start()

    def trouble(self) -> str | None:
        """What ended another process, once one has failed or is silent; None while all is well."""
        return self.blame() if self.heard(FAILED) or self._silent(SILENT) else None

    def blame(self) -> str | None:
        """Whose end made the others fail: who is gone without a word, else who told first; takes a moment."""
        self._silent(0)
        time.sleep(MISSED)
        if gone := self._silent(MISSED):
            return f"{gone} is gone without a word: killed, often for want of memory, or its machine went down."
        return self.heard(FAILED)

    def _silent(self, seconds: float) -> str | None:
        """The first process that gave no sign for so long and did not say that it left."""
        for rank, (before, since) in self._changed.items():
            beats = int(self.heard(f"beat {rank}") or 0)
            if beats != before:
                self._changed[rank] = (beats, time.monotonic())
            elif seconds and time.monotonic() - since >= seconds and not self.heard(f"left {rank}"):
                return self.heard(f"name {rank}") or f"Process {rank}"
        return None

    def left(self, failure: str = "") -> int:
        """Say that this process is through with its part; of several failures the first counts."""
        with suppress(RuntimeError):  # the first machine may be gone already
            if failure:
                self._store.compare_set(f"winnow {FAILED}", "", f"{self.name}: {failure}")
            self.say(f"left {self._rank}")
        self.over.set()
        return 1 if failure else 0

    def end(self, code: int) -> int:
        """Say that the run has ended."""
        self.over.set()
        with suppress(RuntimeError):
            self.say(OVER, str(code))
        return code
