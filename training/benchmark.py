"""A benchmark students are marked on: problems that each have a reference answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from curation.benchmarks import items, title
from curation.errors import UserError
from curation.table import PROBLEMS, write_part
from curation.trace import Problem


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


def read(path: Path) -> Benchmark:
    """The benchmark of a file; UserError when a problem has no answer or no question."""
    found = items(path)
    for item in found:
        if item.problem.reference is None:
            raise UserError(
                f"{path}, row {item.row}: no answer, so a student cannot be marked on it; give every problem "
                'an "answer".'
            )
    return Benchmark(title(path), tuple(item.problem for item in found))


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
