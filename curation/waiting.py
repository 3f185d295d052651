"""Whose turn it is: one heavy run at a time, the others in the order in which they came.

A waiting run leaves a ticket in `.waiting/` beside the runs; its name is the time it came and the run's id. The lock
goes with the process that holds it, however that ends; a ticket counts while its run says it is queued.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curation.runs import Run

POLL = 0.2  # seconds between looks at the lock and the cancel file
LOCK, FOLDER = ".heavy.lock", ".waiting"


@contextmanager
def turn(run: Run, check: Callable[[], None]) -> Iterator[None]:
    """Hold the lock for heavy runs once it is this run's turn; `check` may raise while it waits."""
    root = run.folder.parent
    (root / FOLDER).mkdir(exist_ok=True)
    for old in (root / FOLDER).glob(f"*-{run.id}"):  # left by a worker that was killed while it waited
        old.unlink(missing_ok=True)
    ticket = root / FOLDER / f"{_after_all(root)}-{run.id}"
    ticket.touch()
    with open(root / LOCK, "w") as lock:
        try:
            while not (_first(root, ticket) and _take(lock.fileno())):
                check()
                time.sleep(POLL)
        finally:
            ticket.unlink(missing_ok=True)
        yield


def queue(root: Path) -> list[Run]:
    """The runs that wait, the next one first."""
    return [run for _, run in _tickets(root)]


def _after_all(root: Path) -> int:
    """The time now, or just behind the last who waits where the clock was set back."""
    last = max((int(path.name.split("-", 1)[0]) for path, _ in _tickets(root)), default=0)
    return max(time.time_ns(), last + 1)


def _first(root: Path, ticket: Path) -> bool:
    return next(iter(_tickets(root)), (ticket, None))[0] == ticket


def _tickets(root: Path) -> Iterator[tuple[Path, Run]]:
    """Tickets of runs that still wait, with their runs, in the order they came."""
    for path in sorted((root / FOLDER).glob("*-*")):
        run = Run(root / path.name.split("-", 1)[1])
        if run.status().state == "queued":
            yield path, run


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
