import json

import pytest

from curation.recipe import Recipe


def value(at, label):
    return next(item.value for item in at.number_input if item.label == label)


def captions(at):
    return " ".join(item.value for item in at.caption).replace("\\", "")


@pytest.fixture
def earlier(finished, workspace, frozen):
    """A finished training on the set `right` with settings of its own."""
    run = finished("train", "sft of base on right", scores__json=json.dumps({"tokens": 9_000, "seconds": 3.0}))
    path = run.folder / "run.json"
    from curation.connection import BASE_FOLDER

    inputs = {"set": str(workspace.sets_root / "right"), "student": "base", "model": str(BASE_FOLDER)}
    spec = {"objective": "sft", "max_length": 300, "save_steps": 7}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"spec": spec, "inputs": inputs, "seed": 5}))
    return run


def test_without_a_set_the_page_leads_to_recipes(page, workspace):
    at = page("train")
    assert not at.exception
    assert "Open recipes" in [link.label for link in at.get("page_link")]


def test_the_size_the_steps_and_the_time_by_earlier_runs_are_said(page, workspace, earlier):
    at = page("train")
    assert not at.exception
    said = next(item.value for item in at.caption if "tokens a pass" in item.value)
    assert said.startswith(":material/timer: 3 rows of 2 problems, ")
    assert "steps over 600,0" in said
    assert said.endswith("about 3 min at the pace of the last run of this student.")


def test_what_matters_first_is_in_sight_and_the_rest_is_folded_away(page, workspace, frozen):
    at = page("train")
    folded = {item.label for item in at.expander[0].number_input}
    shown = {item.label for item in at.number_input} - folded
    assert {"Learning rate", "Max train tokens", "Max length"} <= shown
    assert {"Save steps", "Eval steps", "Early stopping patience"} <= folded


def test_a_copy_starts_with_the_settings_of_the_run_and_can_be_changed(page, workspace, earlier):
    at = page("train", **{"from": earlier.id})
    assert not at.exception
    assert f"Settings of sft of base on right ({earlier.id[-4:]})" in captions(at)
    assert (value(at, "Max length"), value(at, "Save steps"), value(at, "Seed")) == (300, 7, 5)
    next(item for item in at.number_input if item.label == "Max length").set_value(200).run()
    assert not at.exception
    assert (value(at, "Max length"), value(at, "Save steps")) == (200, 7)
    at.button(key="copy-none").click().run()
    assert not at.exception
    assert (value(at, "Max length"), value(at, "Save steps"), value(at, "Seed")) == (1024, 100, 0)


def test_a_copy_of_a_run_that_is_gone_is_said_and_the_page_goes_on(page, workspace, frozen):
    at = page("train", **{"from": "20260101-000000-train-aaaa"})
    assert not at.exception
    assert "There is no run '20260101-000000-train-aaaa'" in at.warning[0].value
    assert value(at, "Max length") == 1024


def test_the_recipe_of_the_set_fills_the_form(page, workspace, frozen):
    path = workspace.sets_root / "right" / "manifest.json"
    manifest = json.loads(path.read_text())
    text = manifest["recipe_yaml"] + "\ntrain: {objective: sft, max_length: 400, held_out: 0.1}\n"
    assert Recipe.read(text).train["max_length"] == 400
    path.write_text(json.dumps(manifest | {"recipe_yaml": text}))
    at = page("train")
    assert not at.exception
    assert value(at, "Max length") == 400
    assert "Settings of the recipe right-ones." in captions(at)


def test_a_recipe_that_states_nonsense_for_training_is_an_error_in_place(page, workspace, frozen):
    path = workspace.sets_root / "right" / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"recipe_yaml": manifest["recipe_yaml"] + "\ntrain: {max_length: none}\n"}))
    at = page("train")
    assert not at.exception
    assert "The recipe of 'right', train: sft.max_length" in at.error[0].value
