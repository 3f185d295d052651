"""Where operators run: the same batch function over the same batches, in the same order."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, cached_property
from itertools import chain, islice
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import Protocol, TypeVar

from curation.errors import UserError
from curation.lean import without_pandas

SMALL = 4  # batches; fewer are done sooner than worker processes start
PRELOADED = ["curation.tasks"]  # imported once for all worker processes, which are forked from the one that did
AHEAD = 2  # batches in flight for each worker, so that none waits for the next
In = TypeVar("In")
Out = TypeVar("Out")
Ticket = TypeVar("Ticket")


class Executor(Protocol):
    """Applies a picklable function to batches and yields the results in order."""

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """One result per batch, in batch order, with a bounded number of batches in flight."""


class Local:
    """This machine: in this process, or in several worker processes."""

    def __init__(self, workers: int = 1, small: int = SMALL) -> None:
        """More than one worker starts that many processes when there is work for them: `small` batches or more."""
        self.workers, self.small = workers, small

    @cached_property
    def pool(self) -> ProcessPoolExecutor:
        """The worker processes, started on first use; they end with this object."""
        return ProcessPoolExecutor(self.workers, _context(), _begin)

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """Results in batch order; at most two batches per worker are held, or the first `small`."""
        waiting_batches = iter(batches)
        head = [] if self.workers == 1 else list(islice(waiting_batches, self.small))
        if len(head) < self.small:
            yield from map(work, chain(head, waiting_batches))
            return
        try:
            yield from self._in_order(work, chain(head, waiting_batches))
        except BrokenProcessPool:
            del self.pool
            raise UserError(
                "A worker process was killed, probably for want of memory. What is done is kept: close other programs "
                "and resume the run."
            ) from None

    def _in_order(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        waiting = deque[Future[Out]]()
        submitted = (self.pool.submit(work, batch) for batch in batches)
        try:
            for future in oldest(waiting, submitted, lambda: AHEAD * self.workers):
                yield future.result()
        finally:
            for future in waiting:
                future.cancel()


def oldest(waiting: deque[Ticket], submitted: Iterator[Ticket], most: Callable[[], int]) -> Iterator[Ticket]:
    """What was submitted, in order, while at most `most()` of it are waiting; the next is submitted only then."""
    for ticket in submitted:
        waiting.append(ticket)
        if len(waiting) >= most():
            yield waiting.popleft()
    while waiting:
        yield waiting.popleft()


def prepare() -> None:
    """Begin to start what worker processes are forked from, so that it is ready when there is work for them."""
    _context()
    forkserver.ensure_running()


@cache
def _context() -> BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _begin() -> None:
    """In a worker, before its first batch."""
    without_pandas()
    _end_with_parent()


def _end_with_parent() -> None:
    """End when the parent is killed, which otherwise leaves its workers waiting for ever."""
    parent = multiprocessing.parent_process()

    def watch(sentinel: int) -> None:
        wait([sentinel])
        os._exit(1)

    if parent:
        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
