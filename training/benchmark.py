"""A benchmark students are marked on: problems that each have a reference answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from curation.benchmarking.card import AUTO, Card, Verifier
from curation.benchmarks import Described, describe, title
from curation.errors import UserError
from curation.table import PROBLEMS, write_part
from curation.trace import Problem
from training.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named list of problems, each with a reference answer, no question twice, and how answers are marked."""

    name: str
    problems: tuple[Problem, ...]
    verifier: Verifier = AUTO

    def first(self, count: int | None) -> "Benchmark":
        """The benchmark's first problems."""
        return self if count is None else replace(self, problems=self.problems[:count])


def read(path: Path) -> Benchmark:
    """The benchmark of a file; UserError when a problem has no answer or no question."""
    return marked(path, describe(path))


def marked(path: Path, found: Described) -> Benchmark:
    """A benchmark whose problems were read already; UserError when a problem has no answer."""
    unanswered = [item.row for item in found.items if item.problem.reference is None]
    if unanswered:
        more = f" ({len(unanswered)} rows have none)" if len(unanswered) > 1 else ""
        raise UserError(
            f"{path}, row {unanswered[0]}: no answer, so a student cannot be marked on it{more}; give every problem "
            f'an "answer", or name the column that holds it in {title(path)}.card.yaml: `fields: {{answer: COLUMN}}`.'
        )
    return Benchmark(found.card.name, tuple(item.problem for item in found.items), found.card.verifier())


def asked_as(strategy: Strategy, card: Card) -> Strategy:
    """The strategy with the benchmark's own instruction, where it takes one and was given none."""
    plain = "instruction" in type(strategy).model_fields and "instruction" not in strategy.dump()
    return strategy.model_copy(update={"instruction": card.instruction}) if plain and card.instruction else strategy


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
