"""Whether the process that works on a run lives: on its own machine its id says so, on any other its heartbeat.

Ids of processes of different machines mean nothing to each other and may be equal. Where several machines share the
folder of a run, the file the worker touches tells the others that it is there, the app on a login machine too.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

import psutil

BEAT = 10.0  # seconds between two heartbeats
SILENT = 120.0  # ours, seconds without one until a worker elsewhere is lost: caches of NFS last up to 60
HEART = ".alive"


def here() -> str:
    """The name of this machine."""
    return socket.gethostname()


def started(pid: int) -> float | None:
    """When a process began, in seconds since the machine did: a clock that is set moves the date of both."""
    try:
        return psutil.Process(pid).create_time() - psutil.boot_time()
    except psutil.NoSuchProcess:
        return None


def lives(host: str | None, pid: int | None, began: float | None, heart: Path) -> bool:
    """True while that very process runs; the heart is the file it touches."""
    return _runs(pid, began) if host in (None, here()) else _beats(heart)


def _runs(pid: int | None, began: float | None) -> bool:
    """The start time tells a process from a later one with the same pid."""
    if pid is None or began is None:
        return False
    now = started(pid)
    try:
        return now is not None and abs(now - began) < 2 and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _beats(heart: Path) -> bool:
    try:
        return time() - heart.stat().st_mtime < SILENT
    except FileNotFoundError:
        return False


@contextmanager
def beating(folder: Path) -> Iterator[None]:
    """Touch the heart of a run's folder as long as this lasts."""
    heart, over = folder / HEART, threading.Event()

    def beat() -> None:
        while True:
            with suppress(OSError):  # a full disk is for the run itself to tell
                heart.touch()
            if over.wait(BEAT):
                return

    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        heart.unlink(missing_ok=True)
