"""Rows that Winnow wrote itself: every field comes back as it was."""

from dataclasses import replace

from curation.imports.layouts.base import Context, Converted
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.table import SCHEMA, from_row


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The trace of a row of Winnow's own schema, now coming from this file."""
    missing = [name for name in ("question", "reasoning", "answer") if not isinstance(row.get(name), str)]
    if missing or not row["question"].strip():
        return Converted(reasons=[f"no text in {', '.join(missing) or 'question'}"])
    trace = from_row({**{name: None for name in SCHEMA.names}, **row})
    return Converted([replace(trace, source=context.source, line=context.line)])
