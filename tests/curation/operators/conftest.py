"""Traces made in one line, and the shared texts nobody here wrote."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.trace import Problem, Segment, Trace

SHARED = Path(__file__).resolve().parents[3] / "../shared/data"


@pytest.fixture
def make_trace() -> Callable[..., Trace]:
    """A trace from its reasoning; `parts` are (kind, text) pairs that become its segments."""

    def make(reasoning: str = "", parts: list[tuple[str, str]] | None = None, **values: Any) -> Trace:
        problem = Problem(values.pop("question", "How many?"), values.pop("reference", None))
        segments, position = [], 0
        for kind, text in parts or []:
            segments.append(Segment(position, position + len(text), kind))
            position += len(text)
        text = "".join(text for _, text in parts) if parts else reasoning
        return Trace(problem, text, segments=tuple(segments), **values)

    return make


@pytest.fixture(scope="session")
def shared_rows() -> Callable[[str], list[Any]]:
    """The rows of a shared JSON list or JSONL file; skips where the shared folder is absent."""

    def read(name: str) -> list[Any]:
        values = list(_values(_text(_shared(name))))
        return values[0] if len(values) == 1 and isinstance(values[0], list) else values

    return read


@pytest.fixture(scope="session")
def shared_lines() -> Callable[[str], list[str]]:
    """The lines of a shared text file; skips where the shared folder is absent."""
    return lambda name: _text(_shared(name)).strip().split("\n")


@pytest.fixture(scope="session")
def shared_texts() -> list[str]:
    """Strings of over 200 characters from all shared JSON and JSONL files: every thirtieth, and the 20 longest."""
    if not SHARED.exists():
        pytest.skip("the shared data folder is not beside this checkout")
    found: dict[str, None] = {}
    for path in sorted(SHARED.glob("*/*.json*")):
        for value in _values(_text(path)):
            found.update(dict.fromkeys(_strings(value)))
    return [*list(found)[::30], *sorted(found, key=len)[-20:]]


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared data file {name} is not beside this checkout")
    return path


def _text(path: Path) -> str:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode("utf-8", "replace")


def _values(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except ValueError:
        for line in text.split("\n"):
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) > 200:
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
