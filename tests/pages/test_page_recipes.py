from pathlib import Path

import pytest

from curation.recipe import Recipe
from tests.pages.conftest import RECIPE


@pytest.fixture
def recipe(workspace):
    """The recipe of these tests, in the workspace."""
    return workspace.save_recipe(Recipe.read(RECIPE))


def opened(page, recipe: Path):
    at = page("recipes")
    next(box for box in at.selectbox if box.label == "Recipe").set_value(recipe.stem).run()
    next(button for button in at.button if button.label == "Open recipe").click().run()
    assert not at.exception
    return at


def test_an_opened_recipe_shows_its_steps_funnel_and_changes(page, recipe, words):
    at = opened(page, recipe)
    steps = next(frame.value for frame in at.dataframe if "Rows left" in frame.value.columns)
    assert list(zip(steps["Step"], steps["Rows left"], strict=True)) == [
        ("1. count_tokens", 4),
        ("2. verify_answer", 4),
        ("3. keep_where", 3),
        ("4. segment", 3),
        ("5. drop_segments", 3),
    ]
    assert 'class="w-seg w-check w-removed"' in words(at)


def test_reasons_and_borderline_rows_are_listed(page, recipe):
    frames = [frame.value for frame in opened(page, recipe).dataframe]
    reasons = next(frame for frame in frames if "Reason" in frame.columns)
    assert reasons.to_dict("records") == [{"Step": "3. keep_where", "Reason": "correct is false", "Rows": 1}]
    near = next(frame for frame in frames if "verdict" in frame.columns)
    assert sorted(near["verdict"]) == ["dropped", "kept", "kept", "kept"]
    assert near["question"].str.startswith(("Ana", "Ben")).all()


def test_a_changed_form_changes_the_funnel(page, recipe):
    at = opened(page, recipe)
    equals = next(group for group in at.button_group if group.label == "Equals")
    equals.set_value("No").run()
    assert not at.exception
    steps = next(frame.value for frame in at.dataframe if "Rows left" in frame.value.columns)
    assert list(steps["Rows left"]) == [4, 4, 1, 1, 1]


def test_a_step_that_cannot_work_says_why_in_place(page, recipe):
    at = opened(page, recipe)
    next(box for box in at.selectbox if box.label == "Add a step").set_value("keep_where").run()
    next(button for button in at.button if button.label == "Add step").click().run()
    assert not at.exception
    assert "keep_where needs the field 'score'" in at.error[0].value


def test_a_removed_step_is_gone_from_the_funnel(page, recipe):
    at = opened(page, recipe)
    removers = [button for button in at.button if button.help == "Remove"]
    removers[-1].click().run()
    assert not at.exception
    steps = next(frame.value for frame in at.dataframe if "Rows left" in frame.value.columns)
    assert len(steps) == 4


def test_a_saved_recipe_reads_back_equal(page, recipe, workspace):
    recipe.unlink()
    at = page("recipes", draft=RECIPE)
    next(button for button in at.button if button.label == "Save recipe").click().run()
    assert not at.exception
    assert Recipe.load(workspace.recipes_root / "right-ones.yaml") == Recipe.read(RECIPE)


def test_a_draft_survives_in_the_address(page, recipe):
    at = opened(page, recipe)
    assert Recipe.read(at.query_params["draft"]) == Recipe.read(RECIPE)


def test_a_name_that_cannot_name_a_set_is_refused_in_place(page, recipe):
    at = opened(page, recipe)
    next(box for box in at.text_input if box.label == "Name of the curated set").set_value("../x").run()
    next(button for button in at.button if button.label == "Freeze curated set").click().run()
    assert not at.exception
    assert "'../x' cannot name a set" in at.error[0].value
