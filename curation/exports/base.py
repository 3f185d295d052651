"""What all formats share: the card, scores to write beside the traces, files that exist only when complete."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa

from curation.operator import ScoreType, Value
from curation.table import ROW_GROUP, SCHEMA, to_row
from curation.trace import Trace

ARROW = {"number": pa.float64(), "flag": pa.bool_(), "category": pa.string()}


@dataclass(frozen=True)
class Card:
    """What a dataset card says: the recipe, the manifest of the curated set, and the command that rebuilds it."""

    name: str
    recipe_yaml: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    rebuild: str = ""


@dataclass(frozen=True)
class Scores:
    """Types of the scores by name, and a reader of the scores of some trace ids."""

    types: Mapping[str, ScoreType]
    read: Callable[[Sequence[str]], Mapping[str, Mapping[str, Value]]]


class Exporter(Protocol):
    """Writes traces to `out` and returns how many."""

    def __call__(self, traces: Iterable[Trace], out: Path, card: Card | None, scores: Scores | None) -> int:
        """Write the traces."""


@contextmanager
def complete(out: Path) -> Iterator[Path]:
    """A temporary path that becomes `out` when nothing failed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    try:
        yield temporary
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def write_lines(rows: Iterable[dict[str, Any]], out: Path) -> int:
    """Write one JSON object a line."""
    count = 0
    with complete(out) as temporary, temporary.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def schema(scores: Scores | None) -> pa.Schema:
    """The schema of traces with a column for each score."""
    added = [(name, ARROW[kind]) for name, kind in scores.types.items()] if scores else []
    return pa.schema([*SCHEMA, *(pa.field(name, kind) for name, kind in added)])


def tables(traces: Iterable[Trace], scores: Scores | None) -> Iterator[pa.Table]:
    """Traces with their scores as Arrow tables of bounded size."""
    stream = iter(traces)
    while batch := list(islice(stream, ROW_GROUP)):
        found = scores.read([trace.id for trace in batch]) if scores else {}
        rows = [to_row(trace) | dict(found.get(trace.id, {})) for trace in batch]
        yield pa.Table.from_pylist(rows, schema=schema(scores))
