"""Starting runs in which a model writes traces of problems, and taking what they wrote into the store."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from curation.benchmarks import items, title
from curation.errors import UserError
from curation.operator import OPERATORS, Annotator
from curation.operators.generate import Generate
from curation.query.filters import Filter
from curation.runs import Request, Run
from curation.store import Store
from curation.table import to_table, write_part
from curation.trace import Problem, Trace

BATCH = 64  # ours: problems that are asked together, so that traces arrive while the run is young
Asked = Filter | str | Path


def measures(step: Generate) -> list[Annotator]:
    """What is measured of every trace as soon as it is written; the first one says whether it is right."""
    names = ["run_program"] * (step.form == "pot") + ["verify_answer", "count_tokens"]
    steps = [OPERATORS.parse({"op": name}) for name in names]
    return [one for one in steps if isinstance(one, Annotator)]


class Generating:
    """The part of a workspace that lets models write."""

    @property
    @abstractmethod
    def store(self) -> Store:
        """Where problems are."""

    @abstractmethod
    def staged(self, request: Request) -> AbstractContextManager[Run]:
        """A run's folder, to be filled."""

    def generate_run(
        self, step: Generate, problems: Asked, dataset: str = "", limit: int | None = None, light: bool = False
    ) -> Run:
        """The run in which a model writes traces of problems, not launched yet.

        The problems are those of the filtered traces, those of the dataset named, or a benchmark file's. New traces
        belong to their problem's dataset, or to the one named here; of a benchmark's they keep its name. A light run,
        which loads no model itself, does not wait for its turn.
        """
        if dataset and isinstance(problems, Path):
            raise UserError(
                f"Traces of the benchmark {title(problems)} keep its name, so that nobody trains on it unawares; "
                "leave the dataset empty."
            )
        asked = self.problems_asked(problems)[:limit]
        if not asked:
            raise UserError("There is no problem to generate for; import problems or traces, or choose others.")
        spec = {
            "step": {"op": step.title(), **step.parameters()},  # whole: a prompt that ships changed changes no run
            "measure": [one.dump() for one in measures(step)],
        }
        inputs = {"problems": len(asked), "asked": _words(problems), "dataset": dataset or None, "light": light}
        heading = f"Generate: {step.model}, {_words(problems)}"
        with self.staged(
            Request(kind="generate", worker="curation.worker", title=heading, spec=spec, inputs=inputs)
        ) as run:
            _stage([replace(one, dataset=dataset or one.dataset) for one in asked], run.folder / "in")
        return run

    def problems_asked(self, problems: Asked) -> list[Problem]:
        """The problems of filtered traces, of a dataset with or without traces, or of a benchmark's file."""
        if isinstance(problems, Path):
            return [item.problem for item in items(problems)]
        if isinstance(problems, Filter):
            return self.store.problems(problems)
        known = [row["dataset"] for row in self.store.datasets().to_pylist()]
        if problems not in known:
            raise UserError(f"Unknown dataset '{problems}'; known: {', '.join(known) or 'none yet'}.")
        return self.store.problems(problems)


def _stage(problems: Sequence[Problem], folder: Path) -> None:
    """An empty trace a problem, in parts of one batch."""
    for number, start in enumerate(range(0, len(problems), BATCH)):
        stubs = [Trace(problem, "") for problem in problems[start : start + BATCH]]
        write_part(to_table(stubs), folder / f"part-{number:05d}.parquet")


def _words(problems: Asked) -> str:
    if isinstance(problems, Path):
        return f"benchmark {title(problems)}"
    if isinstance(problems, str):
        return f"problems of {problems}"
    return "problems of the filtered traces"
