"""Rows that Winnow wrote itself: every field comes back as it was, and none that it cannot have written."""

import json
from dataclasses import replace
from types import NoneType
from typing import Any, get_args

from curation.imports.layouts.base import Context, Converted, json_text
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.table import SCHEMA, from_row
from curation.trace import KINDS, Form, Trace

TEXTS = ("id", "model", "dataset", "split", "subject", "reference", "extra", "parent_id")
TYPES: dict[str, Any] = {
    **dict.fromkeys(TEXTS, str), "closed": bool, "given_correct": bool, "media": list, "segments": list, "sample": int,
}  # fmt: skip
PLAIN = {"id": "", "model": "", "dataset": "", "form": "cot", "sample": 0}  # where a row has nothing


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The trace of a row of Winnow's own schema, now coming from this file."""
    missing = [name for name in ("question", "reasoning", "answer") if not isinstance(row.get(name), str)]
    if missing or not row["question"].strip():
        return Converted(reasons=[f"no text in {', '.join(missing) or 'question'}"])
    given = {**dict.fromkeys(SCHEMA.names), **row}
    given |= {name: value for name, value in PLAIN.items() if given[name] is None}
    if wrong := _wrong(given):
        return Converted(reasons=[f"Winnow cannot have written its {', '.join(wrong)}"])
    if not _is_object(given["extra"]):
        given["extra"] = json_text({"extra": given["extra"]})
    trace = from_row(given)
    if not _tile(trace):
        return Converted(reasons=["its segments do not tile the reasoning, or are of no known kind"])
    return Converted([replace(trace, source=context.source, line=context.line)])


def _wrong(given: Row) -> list[str]:
    """Fields of another type than Winnow's, which a page or a Parquet file could not hold."""
    wrong = [name for name, kind in TYPES.items() if type(given[name]) not in (kind, NoneType)]  # True is no number
    wrong += [] if given["form"] in get_args(Form) else ["form"]
    wrong += [] if all(isinstance(name, str) for name in given["media"] or ()) else ["media"]
    return [*wrong, *([] if wrong or 0 <= given["sample"] < 2**31 else ["sample"])]


def _is_object(text: str | None) -> bool:
    try:
        return isinstance(json.loads(text or ""), dict)
    except (ValueError, RecursionError):
        return False


def _tile(trace: Trace) -> bool:
    stops = [0, *(one.stop for one in trace.segments)]
    whole = not trace.segments or stops[-1] == len(trace.reasoning)
    follow = all(
        one.start == stop and type(one.start) is type(one.stop) is int
        for one, stop in zip(trace.segments, stops, strict=False)
    )
    return whole and follow and all(one.kind in KINDS for one in trace.segments)
