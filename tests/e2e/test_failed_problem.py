"""From a failed problem to its cause and back: nearest trace, recipe step, threshold, retrain, compare."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from curation.curated import CuratedSet
from curation.imports.run import import_files
from curation.job import Job
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Run, all_runs, create
from curation.tasks import apply_task
from curation.workspace import SAMPLES, Workspace
from tests.e2e.test_journey import choose, fill, open_page, settle, wait_done
from training.evaluate import evaluate
from training.launch import evaluate_request, train_request
from training.objectives.sft import Sft
from training.strategies.greedy import Greedy
from training.student import resolve
from training.train import train

pytestmark = pytest.mark.e2e
PROBLEMS, TOKENS, TRAINED = 16, 120, 4000
BUSY = 60_000  # milliseconds a page may take on a busy machine
RECIPE = """
name: brief
steps:
- {op: count_tokens}
- {op: keep_where, score: n_tokens, maximum: 150}
- {op: drop_duplicates}
"""


@pytest.fixture(scope="module")
def failed(workspace: Path) -> Run:
    """The evaluation of a student that was trained on brief traces only."""
    work = Workspace(workspace)
    import_files([SAMPLES / "teacher_traces.jsonl.gz"], workspace / "imported")
    work.store.take_import("20260101-000000-import-test", workspace / "imported")
    finish(work.apply_run(Recipe.read(RECIPE), "brief", chosen=Filter()), apply_task)
    work.store.close()
    base = resolve("base", work.runs_root)
    asked = train_request(CuratedSet(work.sets_root / "brief"), Sft(max_train_tokens=TRAINED), base)
    trained = finish(create(work.runs_root, asked), train)
    student = resolve(trained.id, work.runs_root)
    asked = evaluate_request(student, "word_problems", Greedy(max_new_tokens=TOKENS), limit=PROBLEMS)
    return finish(create(work.runs_root, asked), evaluate)


def finish(run: Run, task) -> Run:
    """Work through a run in this process: torch is loaded once."""
    job = Job(run)
    job.status("running")
    task(job)
    job.status("done")
    return run


def test_a_failed_problem_leads_to_a_threshold_and_another_student(page: Page, failed: Run, server, workspace, shot):
    open_page(page, f"{server.url}/compare")
    walk_back(page, shot)
    change_the_threshold(page, workspace, shot)
    train_again(page, server.url, workspace)
    mark_again(page, server.url, workspace)
    compare(page, server.url, shot)
    longer = CuratedSet(workspace / "sets" / "longer")
    assert longer.manifest.rows > CuratedSet(workspace / "sets" / "brief").manifest.rows
    assert [(run.request.kind, run.status().state) for run in reversed(all_runs(workspace / "runs"))] == [
        (kind, "done") for kind in ("apply", "train", "evaluate") * 2
    ]


def walk_back(page: Page, shot) -> None:
    """The nearest trace that was dropped, and the step that dropped it."""
    expect(page.get_by_text("Where it may come from")).to_be_visible(timeout=BUSY)
    expect(page.get_by_text("In the set", exact=True)).to_be_visible(timeout=BUSY)
    page.get_by_text("Dropped by the recipe", exact=True).click()
    expect(page.get_by_text(re.compile(r"is gone since step 2 \(keep_where\): n_tokens is above 150"))).to_be_visible(
        timeout=BUSY
    )
    settle(page)
    shot("compare-1-walk-back")


def change_the_threshold(page: Page, workspace: Path, shot) -> None:
    """The recipe opens at the step; its limit goes up, and the result is frozen under another name."""
    page.get_by_role("button", name="Change the threshold").first.click()
    limit = page.get_by_role("slider").last
    expect(limit).to_have_value("150", timeout=BUSY)
    settle(page)
    limit.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert float(limit.input_value()) > 150
    shot("compare-2-threshold")
    fill(page, "Name of the curated set", "longer")
    page.get_by_role("button", name="Freeze curated set").click()
    wait_done(page, workspace, 4)


def train_again(page: Page, url: str, workspace: Path) -> None:
    """The same student on the new set."""
    open_page(page, f"{url}/train?set=longer")
    fill(page, "Max train tokens", str(TRAINED))
    page.get_by_role("button", name="Start training").click()
    wait_done(page, workspace, 5)


def mark_again(page: Page, url: str, workspace: Path) -> None:
    """The new student on the same problems."""
    open_page(page, f"{url}/evaluate")
    choose(page, "Student", "sft of base on longer")
    fill(page, "Only the first problems", str(PROBLEMS))
    fill(page, "Max new tokens", str(TOKENS))
    page.get_by_role("button", name="Start evaluation").click()
    wait_done(page, workspace, 6)


def compare(page: Page, url: str, shot) -> None:
    """Both students beside each other, with the test and the problems that changed."""
    open_page(page, f"{url}/compare")
    expect(page.get_by_text("McNemar p").first).to_be_visible(timeout=BUSY)
    expect(page.get_by_text("Against a baseline")).to_be_visible(timeout=BUSY)
    page.get_by_text(re.compile(rf"^All \({PROBLEMS}\)")).click()
    settle(page)
    expect(page.get_by_text("Nearest traces, set longer")).to_be_visible(timeout=BUSY)
    expect(page.get_by_text("Nearest traces, set brief")).to_be_visible(timeout=BUSY)
    shot("compare-3-students")
