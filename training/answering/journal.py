"""What models answered so far, one line an answer: an evaluation that was killed asks nothing twice."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from curation.job import cut_half_line
from curation.models import Completion, Done, Request, Streaming, in_order
from curation.trace import canonical_json, content_id

T = TypeVar("T")
TEXTS = 32  # ours: texts scored between two writes


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

    def add(self, key: str, **values: Any) -> None:  # noqa: ANN401  (JSON values)
        """Keep what was found for a request."""
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

    def log_probs(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
        """The natural log-probability of each token of a text, given the request's prompt and prefix."""
        return self.opened().log_probs(requests, texts)


class Journaled:
    """A model whose answers are kept; an equal request is answered from the journal."""

    def __init__(self, model: Streaming, journal: Journal, name: str = "") -> None:
        """The name tells models of one journal apart."""
        self.model, self.journal, self.name = model, journal, name

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer: known ones first, then the others as they end."""
        rows: dict[str, list[int]] = {}
        for row, request in enumerate(requests):
            rows.setdefault(self._key(request), []).append(row)
        missing = [key for key in rows if key not in self.journal.found]
        for key in [key for key in rows if key in self.journal.found]:
            yield from ((row, self._completion(key)) for row in rows[key])
        for place, completion in self.model.stream([requests[rows[key][0]] for key in missing]):
            self.journal.add(missing[place], completion=asdict(completion))
            yield from ((row, completion) for row in rows[missing[place]])

    def log_probs(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[float]]:
        """The natural log-probability of each token of a text, given the request's prompt and prefix."""
        keys = [self._key(request, text) for request, text in zip(requests, texts, strict=True)]
        pairs = {key: (request, text) for key, request, text in zip(keys, requests, texts, strict=True)}
        missing = [key for key in pairs if key not in self.journal.found]
        for start in range(0, len(missing), TEXTS):
            chosen = missing[start : start + TEXTS]
            asked, wanted = zip(*(pairs[key] for key in chosen), strict=True)
            for key, values in zip(chosen, self.model.log_probs(asked, wanted), strict=True):
                self.journal.add(key, log_probs=values)
        return [self.journal.found[key]["log_probs"] for key in keys]

    def _key(self, request: Request, *texts: str) -> str:
        return content_id(canonical_json([self.name, asdict(request), *texts]))

    def _completion(self, key: str) -> Completion:
        values = self.journal.found[key]["completion"]
        return Completion(**{**values, "token_ids": tuple(values["token_ids"])})
