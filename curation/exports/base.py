"""What all formats share: a declaration of their options, the card, files that exist only when complete."""

import shutil
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pyarrow as pa

from curation.errors import UserError
from curation.spec import Family, Spec
from curation.table import ROW_GROUP, SCHEMA, from_table, to_table
from curation.trace import Trace


@dataclass(frozen=True)
class Card:
    """What a dataset card says: the recipe, the manifest of the curated set, and the command that rebuilds it."""

    name: str
    recipe_yaml: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    rebuild: str = ""


@dataclass(frozen=True)
class Content:
    """What is written: tables of traces, each of the one schema, their scores as further columns."""

    schema: pa.Schema
    tables: Iterator[pa.Table]
    others: Path | None = None  # the folder of the sets a format may take further rows from

    def traces(self) -> Iterator[Trace]:
        """The traces alone."""
        for table in self.tables:
            yield from from_table(table)


class Format(Spec):
    """How traces are written for another program; its fields are the options of that format."""

    tag = "format"
    suffix: ClassVar[str] = ".jsonl"  # of the file written; empty for a folder

    @abstractmethod
    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write the traces and return how many rows there are."""


FORMATS: Family[Format] = Family("export format", "curation.exports", Format)  # type: ignore[type-abstract]


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


@contextmanager
def complete_folder(out: Path) -> Iterator[Path]:
    """A temporary folder that becomes `out` when nothing failed; one that exists is never overwritten."""
    if out.exists():
        raise UserError(f"The folder {out} already exists. Choose another name, or remove it first.")
    temporary = out.with_name(out.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_lines(rows: Iterable[dict[str, Any]], out: Path) -> int:
    """Write one JSON object a line."""
    count = 0
    with complete(out) as temporary, temporary.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def content_of(traces: Iterable[Trace]) -> Content:
    """Traces without scores, in tables of bounded size."""
    return Content(SCHEMA, _tables(iter(traces)))


def _tables(traces: Iterator[Trace]) -> Iterator[pa.Table]:
    while batch := list(islice(traces, ROW_GROUP)):
        yield to_table(batch)
