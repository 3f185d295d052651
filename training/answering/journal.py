"""What models answered so far, one line an answer: an evaluation that was killed asks nothing twice."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from curation.job import cut_half_line
from curation.models import Completion, Done, Request, Streaming, TokenScore, in_order

T = TypeVar("T")


class Journal:
    """Answers by request in a file that is only appended to, and the time they took over all sessions."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier session left; half a last line is cut off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        cut_half_line(path)
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        self.path, self.found = path, {line["key"]: line for line in map(json.loads, lines)}
        self._before = max((float(line["seconds"]) for line in self.found.values()), default=0.0)
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time spent by all sessions."""
        return self._before + time.monotonic() - self._began

    def untimed(self, made: Callable[[], T]) -> T:
        """What is made, such as a model being loaded, without its time."""
        began = time.monotonic()
        value = made()
        self._began += time.monotonic() - began
        return value

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under a key."""
        return self.found.get(key)

    def put(self, key: str, **values: Any) -> None:  # noqa: ANN401  (JSON values)
        """Keep an answer; it is on the disk when this returns."""
        self.found[key] = {"key": key, "seconds": round(self.seconds, 3), **values}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(self.found[key]) + "\n")


class Lazy:
    """A model that is opened when it is first asked."""

    def __init__(self, opened: Callable[[], Streaming]) -> None:
        """Open nothing yet."""
        self.opened = opened

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, as they end."""
        if requests:
            yield from self.opened().stream(requests)

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        return self.opened().score(requests, texts)
