import pytest

from curation.errors import UserError
from curation.recipe import Recipe
from pages.ui.draft import Draft, Step

RECIPE = """
name: short
steps:
- {op: count_tokens}
- {op: keep_where, score: n_tokens, maximum: 300}
"""


def test_a_recipe_opened_and_left_alone_stays_the_same():
    assert Draft.of(Recipe.read(RECIPE)).recipe() == Recipe.read(RECIPE)


def test_moving_a_step_keeps_its_identity():
    draft = Draft.of(Recipe.read(RECIPE))
    first, second = draft.steps
    draft.move(1, -1)
    assert [step.uid for step in draft.steps] == [second.uid, first.uid]


def test_a_step_that_is_not_finished_names_its_place_and_field():
    with pytest.raises(UserError, match=r"Step 1: keep_where needs the field 'score'"):
        Draft(steps=[Step("keep_where")]).recipe()


def test_a_step_that_reads_a_score_nobody_adds_is_refused():
    with pytest.raises(UserError, match="'count_tokens' would add it"):
        Draft(steps=[Step("keep_where", {"score": "n_tokens", "maximum": 3.0})]).recipe()


def test_a_step_is_offered_the_scores_of_the_steps_before_it():
    draft = Draft.of(Recipe.read(RECIPE))
    assert "n_tokens" not in draft.scores_before(0, {})
    assert draft.scores_before(1, {"difficulty": "number"})["n_tokens"] == "number"
    assert draft.scores_before(1, {"difficulty": "number"})["difficulty"] == "number"
