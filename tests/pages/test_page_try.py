"""Trying a step that asks a model, on the recipes page."""

import json

import psutil
import pytest

from curation import job
from curation.connection import write
from curation.connections.server import ServerConnection
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Run, all_runs
from curation.tasks import TASKS
from curation.tuning import trying
from tests.faults import FaultServer, question

RECIPE = """
name: shorter
steps:
- {op: rewrite, model: MODEL, target: free, retries: 0, max_new_tokens: 50}
"""


def reply(body):
    """A rewrite that keeps the answer of one problem, and changes the other's."""
    answer = 5 if "nuts" in question(body) else 4
    return f"<thought>\nIn short.\n</thought>\n<solution>\nAnswer: {answer}\n</solution>"


@pytest.fixture
def teacher(workspace):
    """A model of the workspace, behind a server."""
    with FaultServer(answer=reply) as server:
        known = ServerConnection(url=server.url, model="teacher", prompt_price=1, generated_price=2)
        write(workspace.root, {"teacher": known})
        yield server


@pytest.fixture
def opened(page, workspace):
    """The page with the form of the step that asks."""

    def made(model="teacher"):
        at = page("recipes", draft=RECIPE.replace("MODEL", model))
        return click(at, "Open this step to try it")

    return made


def click(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def said(at) -> str:
    return "\n".join(item.value.replace("\\", "") for item in [*at.caption, *at.markdown, *at.error, *at.info])


def tried(work, model="teacher") -> Run:
    """A finished trial of the step, done in this process."""
    steps = Recipe.read(RECIPE.replace("MODEL", model)).steps
    preview = work.open_preview(Filter())
    run = trying.try_run(work, preview.apply(steps), steps[0])
    preview.close()
    job.work(run.folder, TASKS)
    return run


def test_a_step_that_asks_is_tried_where_the_funnel_stops(opened, teacher):
    at = opened()
    assert "Step 1 (rewrite) asks teacher" in said(at)
    assert "Try on 3 rows" in [button.label for button in at.button]
    assert "If each of 4 rows is asked about once, at most: 4 calls" in said(at)
    assert "Measure all" not in [button.label for button in at.button]
    (model,) = [box for box in at.selectbox if box.label == "Model"]
    assert model.options[:2] == ["teacher", "base"]


def test_the_button_starts_a_run_on_a_few_rows(opened, teacher, workspace):
    click(opened(), "Try on 3 rows")
    (run,) = all_runs(workspace.runs_root)
    assert (run.request.kind, run.request.title) == ("try", "Try rewrite on 3 rows")
    started = json.loads((run.folder / "launch.json").read_text())["pid"]
    psutil.wait_procs([psutil.Process(started)] if psutil.pid_exists(started) else [], timeout=60)
    assert run.status().state == "done", run.log_tail()


def test_a_finished_trial_shows_each_row_with_what_it_cost(opened, teacher, workspace):
    run = tried(workspace)
    at = opened()
    (table,) = [frame.value for frame in at.dataframe if "Outcome" in frame.value.columns]
    assert set(table["Outcome"]) == {"rejected", "rewritten"}
    assert set(table["Why"]) == {"", "changed answer"}
    usage = [json.loads(line) for line in (run.out / "usage.jsonl").read_text().splitlines()]
    assert sorted(table["Cost"]) == pytest.approx(sorted(line["cost"] for line in usage))
    assert "Estimate for 4 rows, from the 3 tried: 4 calls" in said(at)


def test_a_rewritten_row_is_shown_before_and_after(opened, teacher, workspace):
    tried(workspace)
    at = opened()
    rows = next(frame.value for frame in at.dataframe if "Outcome" in frame.value.columns)
    row = list(rows["Outcome"]).index("rewritten") + 1
    next(item for item in at.get("pagination") if "-row" in item.key).set_value(row).run()
    assert 'class="w-pairs"' in "".join(item.proto.body for item in at.get("html"))
    at.button_group(key="try-shown").set_value("Removed and added").run()
    assert 'class="w-seg w-plain w-added"' in said(at)
    assert "w-removed" in said(at)


def test_a_changed_prompt_puts_the_trial_out_of_date(opened, teacher, workspace):
    tried(workspace)
    at = opened()
    (prompt,) = [area for area in at.text_area if (area.key or "").endswith("-prompt-text")]
    prompt.set_value("Better: {question} {reasoning}").run()
    assert not at.exception
    assert "out of date: the step or its prompt was changed since" in said(at)
    assert "If each of 4 rows" in said(at)


def test_a_server_that_is_down_is_told_plainly(opened, workspace):
    write(workspace.root, {"teacher": ServerConnection(url="http://127.0.0.1:9/v1", model="teacher", retries=0)})
    assert tried(workspace).status().state == "failed"
    at = opened()
    assert "http://127.0.0.1:9/v1" in said(at)
    assert {"Resume", "Try on 3 rows"} <= {button.label for button in at.button}


def test_measuring_by_a_model_tells_what_it_takes_before_it_starts(page, teacher):
    at = page("traces")
    at.selectbox(key="traces-annotator").set_value("judge").run()
    assert "If each of" not in said(at)
    (model,) = [box for box in at.selectbox if box.label == "Model"]
    model.set_value("teacher").run()
    assert not at.exception
    assert "If each of 4 rows is asked about once, at most: 4 calls" in said(at)


def test_a_model_that_is_not_there_is_told_by_name(opened, teacher):
    at = opened("nobody")
    assert "Unknown model 'nobody'; known: base, teacher" in said(at)


def test_connections_that_cannot_be_read_are_told_beside_the_form(opened, workspace):
    (workspace.root / "models.yaml").write_text("a: b: c")
    assert "models.yaml, line 1: this is not valid YAML" in said(opened())
