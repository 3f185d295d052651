import re
from pathlib import Path

import pytest

from curation.recipe import Recipe
from curation.runs import all_runs
from tests.pages.conftest import RECIPE

LENGTHS = """
name: lengths
steps:
- {op: count_tokens}
- {op: keep_where, score: n_tokens, maximum: 20}
"""


@pytest.fixture
def recipe(workspace):
    """The recipe of these tests, in the workspace."""
    return workspace.save_recipe(Recipe.read(RECIPE))


def opened(page, recipe: Path):
    at = page("recipes")
    next(box for box in at.selectbox if box.label == "Recipe").set_value(recipe.stem).run()
    return click(at, "Open recipe")


def click(at, label: str):
    next(button for button in at.button if button.label == label or button.help == label).click().run()
    assert not at.exception
    return at


def look(at, view: str):
    at.button_group(key="recipe-view").set_value(view).run()
    assert not at.exception
    return at


def lines(at) -> list[str]:
    """The steps as they are listed."""
    return [button.label for button in at.button if (button.key or "").startswith("line-")]


def form(at, place: int):
    """Open the form of the step at a place."""
    [button for button in at.button if (button.key or "").startswith("line-")][place].click().run()
    assert not at.exception
    return at


def html(at) -> str:
    return " ".join(item.proto.body for item in at.get("html"))


def funnel(at) -> list[tuple[str, str]]:
    """Steps and rows of the funnel on the page."""
    table = re.search(r'<table class="w-funnel".*?</table>', html(at), re.DOTALL)[0]
    rows = re.findall(r"<tr><td>(.*?)</td><td class=.*?>(.*?)<div", table)
    return [(re.sub(r"<div.*", "", step), count) for step, count in rows]


def test_an_opened_recipe_shows_its_steps_and_funnel(page, recipe):
    at = opened(page, recipe)
    assert lines(at)[2] == "3. keep_where :gray[correct, is yes]"
    assert funnel(at) == [
        ("At the start", "4"),
        ("1. count_tokens", "4"),
        ("2. verify_answer", "4"),
        ("3. keep_where", "3"),
        ("4. segment", "3"),
        ("5. drop_segments", "3"),
    ]
    assert "<b>−1</b> correct is false" in html(at)


def test_texts_that_a_step_changed_are_shown_before_and_after(page, recipe, words):
    at = look(opened(page, recipe), "Changes")
    assert 'class="w-seg w-check w-removed"' in words(at)


def test_the_mix_before_and_after_has_effect_sizes(page, recipe):
    shown = html(opened(page, recipe))
    assert 'aria-label="Before and after"' in shown
    assert "short-teacher 50% → <b>33%</b>" in shown


def test_the_rows_nearest_to_a_threshold_are_below_its_form(page, recipe):
    at = form(opened(page, recipe), 2)
    near = next(frame.value for frame in at.dataframe if "verdict" in frame.value.columns)
    assert sorted(near["verdict"]) == ["dropped", "kept", "kept", "kept"]
    assert near["question"].str.startswith(("Ana", "Ben")).all()


def test_a_changed_form_changes_the_funnel_and_can_be_undone(page, recipe):
    at = form(opened(page, recipe), 2)
    next(group for group in at.button_group if group.label == "Equals").set_value("No").run()
    assert not at.exception
    assert [rows for _, rows in funnel(at)] == ["4", "4", "4", "1", "1", "1"]
    click(at, "Undo the last change of a step")
    assert [rows for _, rows in funnel(at)] == ["4", "4", "4", "3", "3", "3"]


def test_a_step_that_is_switched_off_stays_in_the_list_and_leaves_the_funnel(page, recipe):
    at = opened(page, recipe)
    [toggle for toggle in at.toggle if toggle.label == "Applied"][2].set_value(False).run()
    assert not at.exception
    assert lines(at)[2] == ":gray[keep_where, off] :gray[correct, is yes]"
    assert [step for step, _ in funnel(at)][3:] == ["3. segment", "4. drop_segments"]
    assert Recipe.read(at.query_params["draft"]).listed()[2][1] is False


def test_steps_are_moved_copied_and_removed(page, recipe):
    at = form(opened(page, recipe), 0)
    click(at, "Move down")
    assert [line[3:] for line in lines(at)][:2] == ["verify_answer", "count_tokens"]
    click(at, "Duplicate")
    assert len(lines(at)) == 6
    click(at, "Remove")
    assert len(lines(at)) == 5


def test_a_step_that_cannot_work_says_why_in_place(page, recipe):
    at = opened(page, recipe)
    next(box for box in at.selectbox if box.label == "Add a step").set_value("keep_where").run()
    click(at, "Add step")
    assert "keep_where needs the field 'score'" in at.error[0].value


def test_a_pruning_step_is_tested_for_broken_answers(page, recipe, words):
    at = click(form(opened(page, recipe), 4), "Test answers")
    assert "1 right answers broken" not in words(at)
    assert re.search(r"As it stands \(.*\): \d+% of the tokens saved, 0 of \d right answers broken", words(at))


def test_a_row_tells_why_it_is_gone(page, recipe, workspace, words):
    at = look(opened(page, recipe), "Why gone?")
    next(box for box in at.selectbox if box.label == "Rows dropped because").set_value(0).run()
    rows = next(frame.value for frame in at.dataframe if "question" in frame.value.columns)
    wrong = rows["id"][0]
    at.text_input(key="why-None").set_value(wrong).run()
    assert not at.exception
    assert f"Trace `{wrong[:8]}` is gone since step 3 (keep_where): correct is false." in words(at)


def test_a_trace_that_no_step_knows_says_so(page, recipe, words):
    at = look(opened(page, recipe), "Why gone?")
    at.text_input(key="why-None").set_value("nobody").run()
    assert not at.exception
    assert "Trace `nobody` was judged by no step." in words(at)


def test_rows_that_come_back_at_another_threshold_are_counted(page, workspace):
    at = look(page("recipes", draft=LENGTHS), "Come back?")
    slider = next(slider for slider in at.slider if slider.label.startswith("Tokens"))
    slider.set_value(slider.max).run()
    assert not at.exception
    dropped = 4 - int(funnel(at)[-1][1])
    assert [metric.value for metric in at.metric] == [str(dropped), str(dropped)]


def test_a_target_moves_the_threshold_when_it_is_taken_over(page, workspace):
    at = look(page("recipes", draft=LENGTHS), "Target")
    next(box for box in at.number_input if box.label == "At least").set_value(4).run()
    click(at, "Find thresholds")
    traded = next(frame.value for frame in at.dataframe if "Threshold" in frame.value.columns)
    assert list(zip(traded["Threshold"], traded["From"], strict=True)) == [("n_tokens maximum", 20.0)]
    click(at, "Apply these thresholds")
    assert funnel(at)[-1] == ("2. keep_where", "4")


def test_another_recipe_is_compared_in_words(page, recipe, words):
    at = look(opened(page, recipe), "Compare")
    next(box for box in at.selectbox if box.label == "Compare with").set_value("raw").run()
    assert not at.exception
    assert "Step 2 \\(verify\\_answer\\) added" in words(at)


def test_a_saved_recipe_reads_back_equal(page, recipe, workspace):
    recipe.unlink()
    click(look(page("recipes", draft=RECIPE), "File"), "Save recipe")
    assert Recipe.load(workspace.recipes_root / "right-ones.yaml") == Recipe.read(RECIPE)


def test_yaml_that_is_wrong_is_refused_with_its_line_and_the_recipe_stays(page, recipe):
    at = look(opened(page, recipe), "File")
    box = next(area for area in at.text_area if area.label == "YAML")
    box.set_value(box.value.replace("op: segment", "op: segments")).run()
    click(at, "Use this YAML")
    assert re.match(r"The YAML, line 8, step 4: Unknown operator", at.error[0].value.replace("\\", ""))
    assert len(lines(at)) == 5


def test_yaml_that_is_right_becomes_the_recipe(page, recipe):
    at = look(opened(page, recipe), "File")
    next(area for area in at.text_area if area.label == "YAML").set_value(LENGTHS).run()
    click(at, "Use this YAML")
    assert lines(at) == ["1. count_tokens", "2. keep_where :gray[n\\_tokens, ≤ 20]"]


def test_traces_dropped_by_hand_are_left_out_by_one_click(page, recipe, workspace, words):
    (first,) = workspace.store.cursor().execute("SELECT id FROM traces ORDER BY model LIMIT 1").fetchone()
    workspace.label(first, "decision", "drop", "ada")
    at = opened(page, recipe)
    assert "1 traces were dropped by hand; this recipe does not leave them out." in words(at)
    click(at, "Leave them out")
    assert funnel(at)[1] == ("1. keep_where", "3")
    assert funnel(at)[-1] == ("6. drop_segments", "2")


def test_a_draft_survives_in_the_address(page, recipe):
    at = opened(page, recipe)
    assert Recipe.read(at.query_params["draft"]) == Recipe.read(RECIPE)


def test_an_address_that_holds_no_recipe_says_so(page, workspace):
    at = page("recipes", draft="name: x\nsteps: 5")
    assert not at.exception
    assert "The recipe in the address was left out" in at.warning[0].value


def test_an_empty_store_offers_the_samples(page, root):
    at = page("recipes")
    assert not at.exception
    assert "Load the sample workspace" in [button.label for button in at.button]


def test_a_name_that_cannot_name_a_set_is_refused_in_place(page, recipe):
    at = opened(page, recipe)
    next(box for box in at.text_input if box.label == "Name of the curated set").set_value("../x").run()
    click(at, "Freeze curated set")
    assert "'../x' cannot name a set" in at.error[0].value


def test_a_cluster_that_is_configured_can_be_chosen(page, recipe, workspace, monkeypatch):
    monkeypatch.setenv("WINNOW_RAY_ADDRESS", "127.0.0.1:1")
    at = opened(page, recipe)
    next(switch for switch in at.toggle if switch.label == "On the Ray cluster at 127.0.0.1:1").set_value(True).run()
    click(at, "Freeze curated set")
    (run,) = all_runs(workspace.runs_root)
    assert run.request.inputs["cluster"] == "127.0.0.1:1"


def test_no_cluster_is_offered_where_none_is_configured(page, recipe, monkeypatch):
    monkeypatch.delenv("WINNOW_RAY_ADDRESS", raising=False)
    assert "On the Ray cluster" not in " ".join(switch.label for switch in opened(page, recipe).toggle)
