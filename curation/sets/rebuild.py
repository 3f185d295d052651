"""Whether a set can be built again byte for byte: what went into it, and how two builds differ."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from curation.errors import UserError
from curation.runs import VERSION
from curation.table import read_batches

LIBRARIES = ("duckdb", "pyarrow", "pydantic")  # they decide over the bytes of a part


class Inputs(BaseModel):
    """Hashes of what a set was made from: files, ids in order, every field of the traces, and people's labels."""

    model_config = ConfigDict(frozen=True)
    files: dict[str, str] = {}
    rows: int
    ids: str
    traces: str
    labels: str

    def differences(self, now: "Inputs") -> list[str]:
        """What is not as it was, in words; empty when everything is."""
        found = _files(self.files, now.files)
        if self.ids != now.ids:
            found.append(
                f"it was made from {self.rows:,} traces and would now be made from {now.rows:,}"
                if self.rows != now.rows
                else f"its {self.rows:,} traces are now others, or in another order"
            )
        elif self.traces != now.traces:
            found.append("the fields of its traces differ, such as their reference, subject or line")
        if self.labels != now.labels:
            found.append("people's labels of these traces have changed")
        return found


def describe_inputs(
    paths: Sequence[Path], labels: Path | None = None, files: Mapping[str, str] | None = None
) -> Inputs:
    """The inputs staged in these parts; a row at a time in memory."""
    ids, traces, rows = hashlib.sha256(), hashlib.sha256(), 0
    given: set[str] = set()
    for batch in read_batches(paths):
        for row in batch.to_pylist():
            ids.update(row["id"].encode() + b"\n")
            traces.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
            given.add(row["id"])
            rows += 1
    table = pq.read_table(labels) if labels and labels.is_file() else pa.table({"id": pa.array([], pa.string())})
    said = [row for row in table.sort_by("id").to_pylist() if row["id"] in given]
    return Inputs(
        files=dict(files or {}), rows=rows, ids=ids.hexdigest(), traces=traces.hexdigest(), labels=digest(said)
    )


def digest(rows: Iterable[object]) -> str:
    """SHA-256 over values as JSON lines."""
    found = hashlib.sha256()
    for row in rows:
        found.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
    return found.hexdigest()


def libraries() -> dict[str, str]:
    """Versions of what decides over the bytes of a part."""
    return {"winnow": VERSION, **{name: version(name) for name in LIBRARIES}}


def refuse_changed(name: str, before: Inputs | None, now: Inputs) -> None:
    """UserError that says what differs when a set cannot be rebuilt from what there is now."""
    if before is None:
        raise UserError(
            f"The set '{name}' was frozen by a version that did not note its inputs, so whether a rebuild would be "
            "equal cannot be told; freeze it again with its recipe."
        )
    found = before.differences(now)
    if found:
        raise UserError(
            f"The set '{name}' cannot be rebuilt: {'; '.join(found)}. Bring back what it was made from, or freeze a "
            "new set with its recipe."
        )


def moved_on(then: Mapping[str, str]) -> list[str]:
    """The libraries that are of another version than they were."""
    now = libraries()
    return [f"{name} was {then[name]} and is {now[name]}" for name in now if then.get(name, now[name]) != now[name]]


def _files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    changed = [name for name in before if name in now and now[name] != before[name]]
    found = [f"the file {name} is gone" for name in before if name not in now]
    found += [f"the file {name} is new" for name in now if name not in before]
    return found + [f"the file {name} has changed" for name in changed]
