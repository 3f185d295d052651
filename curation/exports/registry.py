"""Exporting by name: every file of this folder that declares a format is one."""

from collections.abc import Iterable
from pathlib import Path

from curation.curated import CuratedSet
from curation.exports.base import FORMATS, Card, Content, Format, content_of
from curation.sets.certificate import write_certificate
from curation.trace import Trace


def export_traces(chosen: str | Format, traces: Iterable[Trace], out: Path, card: Card | None = None) -> int:
    """Write traces in a format and return how many rows were written."""
    return named(chosen).write(content_of(traces), out, card)


def export_set(curated: CuratedSet, chosen: str | Format, out: Path) -> int:
    """Write a curated set with its scores in a format, its certificate beside it; returns the rows written."""
    manifest = curated.manifest
    card = Card(curated.name, manifest.recipe_yaml, manifest.model_dump(mode="json"), manifest.rebuild)
    rows = named(chosen).write(Content(curated.schema(), curated.tables(), curated.folder.parent), out, card)
    write_certificate(curated, out)
    return rows


def named(chosen: str | Format) -> Format:
    """The format itself, or the one of that name with its defaults."""
    return FORMATS.parse({"format": chosen}) if isinstance(chosen, str) else chosen
