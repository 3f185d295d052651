"""The switch that shades a trace by what surprised a model."""

import pytest

from curation.application.sources import Stored
from curation.engine import apply
from curation.operators.score_lm import ScoreLm
from curation.query.filters import Filter
from tests.curation.operators.scripted_asker import asker_of


@pytest.fixture
def scored(workspace, tmp_path):
    """A workspace whose traces a model scored that expects only the word check."""
    step = ScoreLm(model="student", name="tutor")
    with apply([step], Stored(workspace.store, Filter()), tmp_path / "scored", asker=asker_of(lambda _: "check")):
        pass
    workspace.store.take_annotation("", step, sorted((tmp_path / "scored" / step.key()).glob("part-*.parquet")))
    return workspace


def switch(at):
    return next((group for group in at.button_group if group.key == "surprise"), None)


def test_without_scores_there_is_nothing_to_shade(page, workspace):
    assert switch(page("traces")) is None


def test_a_trace_is_shaded_by_the_score_that_is_chosen(page, scored, words):
    at = page("traces")
    assert "<mark" not in words(at)
    switch(at).set_value("tutor_ppl").run()
    assert not at.exception
    text = words(at)
    assert '<mark class="w-s4" title="10.00 nats">' in text
    assert 'title="1.00 nats"> check' in text
    assert "nats a token" in text
    switch(at).set_value(None).run()
    assert "<mark" not in words(at)
