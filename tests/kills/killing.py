"""Work that is killed at a random moment, looked at, and begun again until it is done.

The work runs in a session of its own, forked from a process that has the packages loaded already: so a kill falls into
the work and not into seconds of imports. The whole process group gets SIGKILL.
"""

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

LONGEST = 300.0  # seconds; work that takes longer hangs
PRELOADED = [
    "__main__", "curation.tasks", "curation.workspace", "training.worker", "training.objectives.sft", "trl", "peft",
    "datasets", "transformers.trainer", "training.losses.supervised", "training.answering.journal",
    "transformers.models.llama.modeling_llama", "tests.kills.killing",
]  # fmt: skip
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(PRELOADED)


class World(Protocol):
    """One piece of work in a folder of its own."""

    place: Path
    target: Path  # what the task is given

    @staticmethod
    def task(target: Path) -> None:
        """The work, in a process of its own."""

    def look(self) -> None:
        """Assert that nothing half-done can be seen; called after a kill."""

    def outcome(self) -> dict[str, object]:
        """Everything the finished work left, without times and without names drawn at random."""


@dataclass
class Found:
    """What kills of one kind of work led to."""

    kind: str
    seconds: float  # of the work where nobody kills it
    kills: int = 0
    late: int = 0  # the work was done before its kill came; drawn again
    torn: int = 0  # something half-done could be seen
    other: int = 0  # what it left in the end is not what the unbroken work left
    reasons: list[str] = field(default_factory=list)


def kill_often(kind: str, make: Callable[[Path], World], place: Path, kills: int, seed: int) -> Found:
    """Kill the work that many times, each in a new folder, and compare with work that nobody killed."""
    whole = make(place / "whole")
    began = time.monotonic()
    finish(whole)
    found, wanted = Found(kind, time.monotonic() - began), whole.outcome()
    draw = random.Random(f"{kind} {seed}")
    while found.kills < kills:
        world = make(place / f"{found.kills + found.late:04}")
        before = len(found.reasons)
        _kill_once(world, draw.uniform(0, found.seconds), wanted, found)
        if len(found.reasons) == before:  # what went wrong stays to be looked at
            shutil.rmtree(world.place)
    return found


def _kill_once(world: World, after: float, wanted: dict[str, object], found: Found) -> None:
    if not kill(world, after):
        found.late += 1
        return
    found.kills += 1
    try:
        world.look()
    except AssertionError as error:
        found.torn += 1
        found.reasons.append(f"{world.place}, killed after {after:.3f} s: {error}")
    finish(world)
    left = world.outcome()
    if left != wanted:
        found.other += 1
        names = [name for name in wanted.keys() | left.keys() if wanted.get(name) != left.get(name)]
        found.reasons.append(f"{world.place}, killed after {after:.3f} s, differs in {', '.join(sorted(names))}")


def kill(world: World, after: float) -> bool:
    """Begin the work and kill it after so many seconds; False when it had ended by itself before."""
    process = _begin(world)
    process.join(after)
    if process.exitcode is not None:
        return False
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # killed before it had a session of its own
        process.kill()
    process.join(LONGEST)
    return process.exitcode == -signal.SIGKILL


def finish(world: World) -> None:
    """Do the work to its end."""
    process = _begin(world)
    process.join(LONGEST)
    assert process.exitcode == 0, f"{world.place} ended with {process.exitcode}: {log_of(world.place).read_text()}"


def log_of(place: Path) -> Path:
    """Where the work's output goes."""
    return place / "work.log"


def _begin(world: World) -> ForkServerProcess:
    process = CONTEXT.Process(target=_work, args=(world.task, world.target, log_of(world.place)))
    process.start()
    return process


def _work(task: Callable[[Path], None], target: Path, log: Path) -> None:
    os.setsid()
    opened = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(opened, stream)
    task(target)
