"""From a study to a run: its recipes written out, the rows they start from frozen, every cell checked."""

from collections.abc import Callable, Sequence
from pathlib import Path

from curation.benchmarks import locate
from curation.curated import CuratedSet
from curation.operator import Operator
from curation.query.filters import Filter
from curation.runs import Request, Run, all_runs, create
from curation.sets.frozen import Frozen
from training.benchmark import read
from training.student import resolve
from training.studies.grid import Cell, expand
from training.studies.study import Study

Freeze = Callable[[Filter, Sequence[Operator]], Frozen]  # asks for rows of the store, which training never opens


def study_run(root: Path, study: Study, freeze: Freeze) -> Run:
    """The run of a study in a workspace: the one that was asked for the very same, else a new one; not launched."""
    study = study.inlined(root / "recipes")
    cells = expand(study)
    check(root, cells)
    sources = {source: freeze(Filter.from_query(source), steps)._asdict() for source, steps in _wanted(cells).items()}
    request = Request(
        kind="study",
        worker="training.worker",
        title=f"Study {study.name}, {len(cells)} cells",
        spec=study.dump(),
        inputs={"sources": sources},
    )
    same = [run for run in all_runs(root / "runs") if run.request == request]
    return same[0] if same else create(root / "runs", request)


def check(root: Path, cells: Sequence[Cell]) -> None:
    """UserError for a set, student or benchmark that is not there."""
    for name in dict.fromkeys(cell.set for cell in cells if cell.set):
        CuratedSet(root / "sets" / name)
    for name in dict.fromkeys(cell.student for cell in cells):
        resolve(name, root / "runs")
    for name in dict.fromkeys(cell.benchmark for cell in cells):
        read(locate(name, root / "benchmarks"))


def _wanted(cells: Sequence[Cell]) -> dict[str, list[Operator]]:
    """The steps each source is taken through, so that their known scores are frozen with it."""
    found: dict[str, list[Operator]] = {}
    for cell in cells:
        for step in cell.recipe.steps if cell.recipe else ():
            steps = found.setdefault(cell.source, [])
            if step not in steps:
                steps.append(step)
    return found
