"""Time and memory of what a bench does."""

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import psutil

from tests.bench.figures import PROJECT

EVERY = 0.1  # seconds between two looks at the memory
TIMES = 7  # a short measure is taken so often


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def processor(work: Callable[[], object]) -> float:
    """Processor time of one call, which neighbours on a shared machine disturb less."""
    began = time.process_time()
    work()
    return time.process_time() - began


def median_ms(work: Callable[[int], object], times: int = TIMES) -> float:
    """Median milliseconds of calls with 0, 1, 2 ..., so that nothing asked before answers."""
    return 1000 * statistics.median(seconds(lambda place=place: work(place)) for place in range(times))


class Peak:
    """The highest memory of a process and of everything it has started, in GiB, while a block runs.

    Proportional set size, so that pages several processes share count once.
    """

    def __init__(self, pid: int | None = None) -> None:
        """Of this process, or of another."""
        self.process, self.gib = psutil.Process(pid), 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.gib = max(self.gib, held(self.process))
            if self._ended.wait(EVERY):
                return


def held(process: psutil.Process) -> float:
    """GiB that a process and everything it has started hold; what is gone holds nothing."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    return sum(map(pss, family)) / 2**30


def pss(process: psutil.Process) -> int:
    """Proportional set size in bytes, 0 for a process that is gone."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


class Spent(NamedTuple):
    """What a command took, and what it wrote."""

    seconds: float
    gib: float
    output: str


def command(words: Sequence[str | Path], environment: dict[str, str] | None = None) -> Spent:
    """Run a command to its end and measure it; the bench ends where the command fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, words)), cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with Peak(process.pid) as peak:
        output, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}:\n{errors[-2000:]}")
    return Spent(time.perf_counter() - began, peak.gib, output)
