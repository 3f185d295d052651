"""A ceiling on memory while something is read that may be made to fill it: what asks for more gets an error.

A Parquet page or a function of SQL can turn a few bytes into gigabytes within one call, where nothing else can stop
it. The ceiling is the kernel's, on the address space of this process; it is lifted as soon as the last one who needs
it is done, and a process that starts below it lifts its own (job.work).
"""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

GIB = 1 << 30
_lock = threading.Lock()
_below = 0


@contextmanager
def ceiling(room: int) -> Iterator[None]:
    """At most so many bytes more than now; of several at once the first one's ceiling holds for all."""
    global _below
    with _lock:
        if not _below:
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (_at_most(psutil.Process().memory_info().vms + room, hard), hard))
        _below += 1
    try:
        yield
    finally:
        with _lock:
            _below -= 1
            if not _below:
                lift()


def lift() -> None:
    """As much memory again as the system gives."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _at_most(wanted: int, hard: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
