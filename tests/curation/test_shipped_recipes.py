"""Shipped recipes on traces nobody here wrote: what the preview says is what the set holds, row for row.

Those that ask a model have tests of their own, with a scripted one.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.application.preview import ROWS
from curation.operator import Annotator, Mapper
from curation.query.filters import Filter
from curation.recipe import SHIPPED, Recipe
from curation.runs import Run
from curation.workspace import Workspace

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
FILES = ("gsm8k/example_model_solutions.jsonl.gz", "pot", "marco_o1")
RECIPES = sorted(
    path.stem for path in SHIPPED.glob("*.yaml") if not any(step.asks() for step in Recipe.load(path).steps)
)


def finish(run: Run | None, work: Workspace) -> None:
    """Do what the run's worker would, without a process of its own."""
    if run:
        from curation.job import Job
        from curation.tasks import TASKS

        TASKS[run.request.kind](Job(run))
        status = {"state": "done", "pid": None, "pid_started": None}
        (run.folder / "status.json").write_text(json.dumps(status))
        work.take_in()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    if not SHARED.exists():
        pytest.skip("the shared data folder is not beside this checkout")
    work = Workspace(tmp_path_factory.mktemp("workspace"))
    finish(work.import_run([SHARED / name for name in FILES]), work)
    return work


@pytest.fixture(scope="module")
def measured(filled: Workspace) -> Workspace:
    for name in RECIPES:
        steps = Recipe.load(SHIPPED / f"{name}.yaml").steps
        before_mappers = steps[: next((n for n, step in enumerate(steps) if isinstance(step, Mapper)), len(steps))]
        finish(filled.annotate_run([step for step in before_mappers if isinstance(step, Annotator)], Filter()), filled)
    return filled


def preview_and_set(work: Workspace, recipe: Recipe, chosen: Filter, name: str) -> tuple:
    preview = work.open_preview(chosen)
    with preview.apply(recipe.steps) as result:
        assert result.stopped is None
        shown = [report.model_copy(update={"seconds": 0}) for report in result.reports]
        result.write_ledger(work.root / "preview.parquet")
        ids = result.rows().column("id").to_pylist()
    preview.close()
    finish(work.apply_run(recipe, name, chosen=chosen), work)
    curated = work.set(name)
    steps = [report.model_copy(update={"seconds": 0}) for report in curated.manifest.steps]
    ledgers = [_sorted(path) for path in (work.root / "preview.parquet", curated.ledger)]
    return (shown, ids, ledgers[0]), (steps, [trace.id for trace in curated.traces()], ledgers[1])


def _sorted(path: Path) -> list[tuple]:
    return sorted((tuple(row.values()) for row in pq.read_table(path).to_pylist()), key=repr)


@pytest.mark.parametrize("name", RECIPES)
def test_a_preview_of_few_traces_is_what_the_set_will_hold(filled, name):
    recipe = Recipe.load(SHIPPED / f"{name}.yaml")
    datasets = [row for row in filled.store.datasets().to_pylist() if row["traces"] and row["traces"] <= ROWS]
    few = [row["dataset"] for row in sorted(datasets, key=lambda row: -row["traces"])[:1]]
    chosen = Filter().with_values("dataset", tuple(few))
    assert 50 < filled.store.count(chosen).rows <= ROWS
    shown, frozen = preview_and_set(filled, recipe, chosen, f"{name}-few")
    assert shown == frozen
    assert not any(report.estimated for report in shown[0])


@pytest.mark.parametrize("name", RECIPES)
def test_a_preview_of_many_measured_traces_is_exact_up_to_the_first_mapper(measured, name):
    recipe = Recipe.load(SHIPPED / f"{name}.yaml")
    mapper = next((n for n, step in enumerate(recipe.steps) if isinstance(step, Mapper)), len(recipe.steps))
    until = recipe.model_copy(update={"steps": recipe.steps[:mapper]})
    shown, frozen = preview_and_set(measured, until, Filter(), f"{name}-many")
    assert shown == frozen
    assert shown[0][0].rows_in > 5000
