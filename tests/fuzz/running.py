"""Running cases: drawn by hypothesis, each bounded in processor time, failures shrunk and kept."""

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import Target, holds

SECONDS = 10.0  # of processor time for one case; a case takes milliseconds


class TooSlow(Exception):
    """A case took longer than any may."""


@dataclass
class Outcome:
    """What became of the cases of a target."""

    target: str
    cases: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def fuzz(target: Target, cases: int, derandomize: bool = False) -> Outcome:
    """Run so many cases; the first failure is shrunk and ends the target."""
    outcome = Outcome(target.name)

    @settings(
        max_examples=cases, deadline=None, database=None, derandomize=derandomize,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], print_blob=False,
    )  # fmt: skip
    @given(target.cases)
    def each(case: object) -> None:
        outcome.cases += 1
        with bounded():
            holds(target, case)

    began = time.perf_counter()
    try:
        each()
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        outcome.failures.append(f"{told}\n{'; '.join(error.__notes__) if '__notes__' in vars(error) else ''}")
    outcome.seconds = time.perf_counter() - began
    return outcome


@contextmanager
def bounded() -> Iterator[None]:
    """Raise TooSlow in what takes too much of the processor."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"more than {SECONDS:g} s of processor time")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
