"""The generate page: problems and models chosen, what it takes told before, what came of it shown after."""

import json

import pytest

from curation.curated import all_sets
from curation.generating.work import write_traces
from curation.job import Job
from curation.operators.generate import Generate
from curation.query.filters import Filter
from curation.runs import Status, all_runs, create
from curation.worker import asker_of

PRICED = '{backend: server, url: "http://127.0.0.1:9/v1", model: m, prompt_price: 1, generated_price: 4}\n'


@pytest.fixture
def priced(workspace):
    """A workspace with a priced teacher that is never asked."""
    (workspace.root / "models.yaml").write_text(f"teacher: {PRICED}")
    return workspace


@pytest.fixture
def written(workspace):
    """A finished run of the shipped student on two problems."""
    step = Generate(model="base", max_new_tokens=8, temperature=0)
    run = workspace.generate_run(step, Filter(), "new")
    job = Job(run)
    job.status("running")
    write_traces(job, asker_of(job))
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
