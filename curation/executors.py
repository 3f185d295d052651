"""Where operators run: the same batch function over the same batches, in the same order."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Protocol, TypeVar

SMALL = 4  # batches; fewer are done sooner than worker processes start
In = TypeVar("In")
Out = TypeVar("Out")


class Executor(Protocol):
    """Applies a picklable function to batches and yields the results in order."""

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """One result per batch, in batch order, with a bounded number of batches in flight."""


class Local:
    """This machine: in this process, or in several worker processes."""

    def __init__(self, workers: int = 1) -> None:
        """More than one worker starts that many processes for each step."""
        self.workers = workers

    def map(self, work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
        """Results in batch order; at most two batches per worker are held."""
        waiting_batches = iter(batches)
        head = list(islice(waiting_batches, SMALL))
        if self.workers == 1 or len(head) < SMALL:
            yield from map(work, chain(head, waiting_batches))
            return
        with multiprocessing.get_context("spawn").Pool(self.workers) as pool:
            waiting: list[multiprocessing.pool.AsyncResult[Out]] = []
            for batch in chain(head, waiting_batches):
                waiting.append(pool.apply_async(work, (batch,)))
                if len(waiting) >= 2 * self.workers:
                    yield waiting.pop(0).get()
            for result in waiting:
                yield result.get()
