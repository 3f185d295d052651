"""The generate page: problems and models chosen, what it takes told before, what came of it shown after."""

import json

import pytest

from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.generating.work import write_traces
from curation.job import Job
from curation.operators.generate import Generate
from curation.query.filters import Filter
from curation.runs import Status, all_runs
from pages.ui.teaching import generation_view

PRICED = '{backend: server, url: "http://127.0.0.1:9/v1", model: m, prompt_price: 1, generated_price: 4}\n'


@pytest.fixture
def priced(workspace):
    """A workspace with a priced teacher that is never asked."""
    (workspace.root / "models.yaml").write_text(f"teacher: {PRICED}")
    return workspace


@pytest.fixture
def written(workspace):
    """A finished run in which a teacher answered one problem rightly and was cut off at the other."""
    step = Generate(model="teacher", max_new_tokens=12)
    run = workspace.generate_run(step, Filter(), "new")
    said = ["<think>\n2 + 3 = 5.\n</think>\nThe answer is \\boxed{5}.", " ".join(["wait"] * 20)]
    teacher = Opened(Scripted(said), "scripted", Price(1.0, 1000.0))
    job = Job(run)
    job.status("running")
    write_traces(job, Asker(lambda name: teacher, AnswerBook(workspace.root / "answers.sqlite"), Meter(), run.id))
    job.status("done")
    return run


def select(at, label):
    return next(box for box in [*at.selectbox, *at.multiselect] if box.label == label)


def button(at, label):
    return next(button for button in at.button if button.label == label)


def of(at, place):
    return next(group for group in at.button_group if group.label == "Problems of").set_value(place).run()


def test_an_empty_workspace_offers_the_samples(page):
    at = page("generate")
    assert not at.exception
    assert "Load the sample workspace" in [button.label for button in at.button]


def test_nothing_starts_before_a_model_is_chosen(page, workspace, words):
    at = page("generate")
    assert not at.exception
    assert button(at, "Start generating").disabled
    assert "2 problems, all of them with a reference answer to judge by." in words(at)
    assert "Nothing was generated yet" in words(at)


def test_a_teacher_with_a_price_is_told_with_its_cost_and_started(page, priced, words):
    at = page("generate")
    select(at, "Models").set_value(["teacher", "base"]).run()
    assert not at.exception
    text = words(at)
    assert "2 traces in 2 calls" in text
    assert "**teacher**: Cost at most 0.033. Time unknown" in text
    assert "**base**: It runs on this machine and has no price." in text
    assert not button(at, "Start 2 runs").disabled


def test_starting_makes_a_run_that_asks_about_the_chosen_problems(page, priced, root):
    at = page("generate")
    at.number_input(key="problems-limit").set_value(1)
    at.text_input(key="problems-dataset").set_value("mine")
    select(at, "Models").set_value(["base"]).run()
    at.number_input(key="generate-max_new_tokens").set_value(8).run()
    button(at, "Start generating").click().run()
    run = all_runs(root / "runs")[0]
    run.cancel()
    assert not at.exception
    assert (run.request.kind, run.request.inputs["problems"], run.request.inputs["dataset"]) == ("generate", 1, "mine")
    assert run.request.spec["step"]["max_new_tokens"] == 8
    assert "base, problems of the filtered traces" in " ".join(item.value for item in at.markdown)


def test_the_prompt_is_shown_as_the_model_reads_it(page, workspace):
    at = page("generate")
    (code,) = [item.value for item in at.code]
    assert "Ana has 2 beads and finds 3. How many?" in code
    assert "{question}" not in code


def test_a_mode_shows_its_own_fields(page, workspace):
    at = page("generate")
    next(group for group in at.button_group if group.label == "Mode").set_value("outline").run()
    assert not at.exception
    labels = {item.label for item in [*at.selectbox, *at.button_group, *at.text_input, *at.number_input, *at.slider]}
    assert {"Outline prompt", "Steps", "Budgets"} <= labels
    assert not labels & {"Prompt", "Form", "Prefix"}


def test_what_cannot_be_asked_is_told_in_place(page, workspace, words):
    at = page("generate")
    select(at, "Models").set_value(["base"])
    at.number_input(key="generate-n").set_value(2)
    at.slider(key="generate-temperature").set_value(0.0).run()
    assert not at.exception
    assert "several traces of temperature 0 would all be the same" in at.error[0].value


def test_problems_of_a_dataset_and_of_a_benchmark_can_be_asked(page, workspace, words):
    at = of(page("generate"), "Dataset")
    assert select(at, "Problems in").value == "traces"
    assert "2 problems" in words(at)
    of(at, "Benchmark")
    assert not at.exception
    assert "600 problems" in words(at)
    assert "The traces keep the name" in words(at)


def test_a_finished_run_shows_what_it_wrote_and_leads_to_it(page, workspace, written, words):
    at = page("generate")
    assert not at.exception
    assert not at.error
    metrics = {metric.label: metric.value for metric in at.metric}
    assert (metrics["Traces"], metrics["Right"], metrics["Cost"]) == ("2", "50%", "0.02")
    assert "cut off or never closed: 1" in words(at)
    assert len(at.get("plotly_chart")) == 1
    table = next(frame.value for frame in at.dataframe if "Marked" in frame.value.columns)
    assert list(table["Reference"]) == ["5", "5"]
    links = {link.label for link in at.get("page_link")}
    assert {"Open the traces", "Explore them", "Compare teachers"} <= links
    assert workspace.store.count(generation_view.traces_of(written)).rows == 2


def test_a_run_that_failed_says_why_and_can_be_discarded(page, workspace, finished, words):
    spec = {"step": {"op": "generate", "model": "m", "mode": "free"}, "measure": []}
    run = finished("generate", "Generate: m", state="failed")
    facts = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps({**facts, "worker": "curation.worker", "spec": spec}))
    at = page("generate")
    assert not at.exception
    assert at.error[0].value == "It broke."
    button(at, "Discard").click().run()
    button(at, "Remove").click().run()
    assert not run.folder.exists()


def test_a_model_that_cannot_be_asked_yet_is_told_before_the_start(page, workspace):
    (workspace.root / "models.yaml").write_text(
        "demo: {backend: vllm, model: base}\n" + f"keyed: {PRICED.strip()[:-1]}, key_variable: WINNOW_NO_SUCH_KEY}}\n"
    )
    at = page("generate")
    select(at, "Models").set_value(["demo", "keyed"]).run()
    assert not at.exception
    assert [item.value for item in at.warning] == [
        "The server of demo does not run; start it on the models page first.",
        "keyed cannot be asked: `WINNOW_NO_SUCH_KEY`, which has its key, is not set.",
    ]


def test_of_several_ended_runs_the_one_of_the_address_is_shown(page, workspace, written, words):
    step = Generate(model="base")
    for state in ("cancelled", "failed"):
        run = workspace.generate_run(step, Filter())
        (run.folder / "status.json").write_text(Status(state=state, started=1.0, ended=2.0).model_dump_json())
    at = page("generate", generation=written.id)
    assert not at.exception
    box = select(at, "Ended runs")
    assert box.value == written.id
    assert {metric.label for metric in at.metric} == {"Traces", "Right", "Tokens a second", "Cost"}
    box.set_value(run.id).run()
    assert not at.exception
    assert not at.metric
    assert select(at, "Ended runs").value == run.id
