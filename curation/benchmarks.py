"""Benchmarks as files: where they are, what they ask, and a hash of their bytes.

A benchmark is JSON lines (`{"question": .., "answer": ..}`, also gzipped) or a Parquet file with the columns of
PROBLEMS. It is named by a shipped name, the name of an imported one, or a path.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from curation.errors import UserError
from curation.table import PROBLEMS
from curation.trace import Problem

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "benchmark"
QUESTIONS = ("question", "problem")  # field names in JSON lines, the first present is taken
ANSWERS = ("answer", "reference")
OWN = {*QUESTIONS, *ANSWERS, *PROBLEMS.names}  # what a problem keeps under its own name


class Item(NamedTuple):
    """A problem and its row in the benchmark's file, from 1; the reference is None where the file has none."""

    row: int
    problem: Problem


def shipped() -> list[str]:
    """Names of the benchmarks that come with Winnow."""
    return sorted(path.stem for path in SHIPPED.glob("*.jsonl"))


def imported_in(folder: Path) -> list[Path]:
    """Benchmark files made from imported problems."""
    return sorted(folder.glob("*.parquet"))


def locate(name: str, imported: Path | None = None) -> Path:
    """The file of a shipped or an imported benchmark's name, or of a path; UserError names the known ones."""
    own = [path.stem for path in imported_in(imported)] if imported else []
    places = [SHIPPED / f"{Path(name).name}.jsonl", Path(name).expanduser()]
    places += [imported / f"{Path(name).name}.parquet"] if imported else []
    for path in places:
        if path.is_file():
            return path.resolve()
    raise UserError(
        f"There is no benchmark '{name}'; known: {', '.join([*shipped(), *own]) or 'none'}, "
        'or the path of a .jsonl file with "question" and "answer", or of a parquet file of problems.'
    )


def title(path: Path) -> str:
    """A benchmark's name: its file's, without what says how it is written."""
    return path.name.removesuffix(".gz").rpartition(".")[0]


def items(path: Path) -> list[Item]:
    """The problems of a file in order, no question twice; UserError when a row has no question."""
    found: dict[str, Item] = {}
    for row, values in _parquet(path) if path.suffix == ".parquet" else _json_lines(path):
        problem = _problem(values, path, row)
        found.setdefault(problem.id, Item(row, problem))
    if not found:
        raise UserError(f"The benchmark {path} has no problems.")
    return list(found.values())


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes; read again only when the file has changed."""
    facts = path.stat()
    return _content_hash(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=64)
def _content_hash(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _problem(values: dict[str, Any], path: Path, row: int) -> Problem:
    question = next((values[name] for name in QUESTIONS if values.get(name) is not None), None)
    if not isinstance(question, str) or not question.strip():
        raise UserError(f'{path}, row {row}: no "question"; its fields: {", ".join(values)}.')
    answer = next((values[name] for name in ANSWERS if values.get(name) is not None), None)
    reference = None if answer is None or not str(answer).strip() else str(answer)
    subject = None if values.get("subject") is None else str(values["subject"])
    dataset, media = str(values.get("dataset") or title(path)), tuple(values.get("media") or ())
    rest = {name: value for name, value in values.items() if name not in OWN}
    extra = json.dumps(rest, ensure_ascii=False, default=str)
    return Problem(question, reference, dataset, values.get("split"), subject, media, extra)


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"{path}, line {number}: not JSON ({error.msg}).") from None
            if not isinstance(values, dict):
                raise UserError(f"{path}, line {number}: expected an object, found {line.strip()[:60]}.")
            yield number, values


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(pq.read_table(path).to_pylist(), 1)
