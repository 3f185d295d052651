"""The closed list of export formats."""

from collections.abc import Iterable
from pathlib import Path

from curation.certificate import write_certificate
from curation.curated import CuratedSet
from curation.errors import unknown
from curation.exports import alpaca, folder, messages, parquet, prompt_completion, sharegpt
from curation.exports.base import Card, Content, Exporter, content_of
from curation.trace import Trace

EXPORTS: dict[str, Exporter] = {
    "messages": messages.export,
    "prompt_completion": prompt_completion.export,
    "sharegpt": sharegpt.export,
    "alpaca": alpaca.export,
    "parquet": parquet.export,
    "folder": folder.export,
}
SUFFIXES = {"parquet": ".parquet", "folder": ""}  # of the file a format writes; .jsonl for the others


def export_traces(name: str, traces: Iterable[Trace], out: Path, card: Card | None = None) -> int:
    """Write traces in the named format and return how many."""
    return _exporter(name)(content_of(traces), out, card)


def export_set(curated: CuratedSet, name: str, out: Path) -> int:
    """Write a curated set with its scores in the named format, its certificate beside it; returns the rows."""
    manifest = curated.manifest
    card = Card(curated.name, manifest.recipe_yaml, manifest.model_dump(mode="json"), manifest.rebuild)
    rows = _exporter(name)(Content(curated.schema(), curated.tables()), out, card)
    write_certificate(curated, out)
    return rows


def _exporter(name: str) -> Exporter:
    if name not in EXPORTS:
        raise unknown("export format", name, list(EXPORTS))
    return EXPORTS[name]
