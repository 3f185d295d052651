"""How fast a server is asked: requests in flight, requests and tokens per minute, and waits between tries."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MINUTE = 60.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds; ours
FIRST_WAIT_BUSY = 4.0  # ours: with six retries it outlasts the minute over which servers count requests


def backoff(tried: int, busy: bool, chance: Callable[[], float] = random.random) -> float:
    """Seconds before the next try: anything up to a limit that doubles with each one (full jitter)."""
    return chance() * min(LONGEST_WAIT, (FIRST_WAIT_BUSY if busy else FIRST_WAIT) * 2.0**tried)


class Rate:
    """So much per minute, spread evenly: what is due later has to wait."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        """None is no limit."""
        self.per_minute, self.clock = per_minute, clock
        self._lock, self._free = threading.Lock(), clock()

    def delay(self, amount: float) -> float:
        """Take an amount; seconds to wait before it may be used. A negative amount gives some back."""
        if self.per_minute is None:
            return 0.0
        with self._lock:
            now = self.clock()
            start = max(now, self._free)
            self._free = start + amount * MINUTE / self.per_minute
            return start - now


class Gate:
    """Lets so many through at a time: half as many once the server is busy, one more for each round it answers."""

    def __init__(self, most: int) -> None:
        """Begin with all of them."""
        self.most, self.limit = most, float(most)
        self._inside, self._round = 0, 0
        self._changed = threading.Condition()

    @contextmanager
    def slot(self) -> Iterator[int]:
        """A place inside, waited for; its value is the round in which it was given."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < int(self.limit))
            self._inside += 1
            given = self._round
        try:
            yield given
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def busy(self, given: int) -> None:
        """The server had too many: halve, once for all requests that were under way together."""
        with self._changed:
            if given == self._round:
                self._round += 1
                self.limit = max(1.0, self.limit / 2)

    def fine(self) -> None:
        """The server answered: a little more is let through."""
        with self._changed:
            self.limit = min(float(self.most), self.limit + 1 / self.limit)
            self._changed.notify_all()
