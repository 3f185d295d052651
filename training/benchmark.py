"""A benchmark: problems with reference answers, from JSON lines or from parquet with the PROBLEMS columns."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.runs import PROJECT
from curation.table import PROBLEMS, write_part
from curation.trace import Problem

SHIPPED = PROJECT / "data" / "benchmark"
QUESTIONS = ("question", "problem")  # field names in JSON lines, the first present is taken
ANSWERS = ("answer", "reference")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named list of problems, each with a reference answer, no question twice."""

    name: str
    problems: tuple[Problem, ...]

    def contaminated(self, seen: frozenset[str] | None) -> int | None:
        """How many of its problems the student was trained on; None when that is not known."""
        return None if seen is None else sum(problem.id in seen for problem in self.problems)

    def first(self, count: int | None) -> "Benchmark":
        """The benchmark's first problems."""
        return self if count is None else Benchmark(self.name, self.problems[:count])


def shipped() -> list[str]:
    """Names of the benchmarks that come with Winnow."""
    return sorted(path.stem for path in SHIPPED.glob("*.jsonl"))


def locate(name: str, imported: Path | None = None) -> Path:
    """The file of a shipped or an imported benchmark's name, or of a path; UserError names the known ones."""
    own = sorted(path.stem for path in imported.glob("*.parquet")) if imported else []
    places = [SHIPPED / f"{Path(name).name}.jsonl", Path(name).expanduser()]
    places += [imported / f"{Path(name).name}.parquet"] if imported else []
    for path in places:
        if path.is_file():
            return path.resolve()
    raise UserError(
        f"There is no benchmark '{name}'; known: {', '.join([*shipped(), *own]) or 'none'}, "
        'or the path of a .jsonl file with "question" and "answer", or of a parquet file of problems.'
    )


def read(path: Path) -> Benchmark:
    """The benchmark of a file; UserError when a problem has no answer or no question."""
    rows = list(_parquet(path) if path.suffix == ".parquet" else _json_lines(path))
    problems: dict[str, Problem] = {}
    for number, row in rows:
        problem = _problem(row, path, number)
        problems.setdefault(problem.id, problem)
    if not problems:
        raise UserError(f"The benchmark {path} has no problems.")
    return Benchmark(_name(path), tuple(problems.values()))


def write(problems: Sequence[Problem], path: Path) -> None:
    """Write problems as a benchmark file a run can read."""
    rows = [
        {
            "id": problem.id,
            "question": problem.question,
            "reference": problem.reference,
            "dataset": problem.dataset,
            "split": problem.split,
            "subject": problem.subject,
            "media": list(problem.media),
            "source": "",
            "line": None,
        }
        for problem in problems
    ]
    write_part(pa.Table.from_pylist(rows, schema=PROBLEMS), path)


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0]


def _problem(row: dict[str, Any], path: Path, number: int) -> Problem:
    question = next((row[name] for name in QUESTIONS if row.get(name) is not None), None)
    if not isinstance(question, str) or not question.strip():
        raise UserError(f'{path}, row {number}: no "question"; its fields: {", ".join(row)}.')
    reference = next((row[name] for name in ANSWERS if row.get(name) is not None), None)
    if reference is None or not str(reference).strip():
        raise UserError(
            f"{path}, row {number}: no answer, so a student cannot be marked on it; give every problem "
            f'an "answer", found: {", ".join(row)}.'
        )
    subject = None if row.get("subject") is None else str(row["subject"])
    dataset, media = str(row.get("dataset") or _name(path)), tuple(row.get("media") or ())
    return Problem(question, str(reference), dataset, row.get("split"), subject, media)


def _json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(f"{path}, line {number}: not JSON ({error.msg}).") from None
            if not isinstance(row, dict):
                raise UserError(f"{path}, line {number}: expected an object, found {line.strip()[:60]}.")
            yield number, row


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(pq.read_table(path).to_pylist(), 1)
