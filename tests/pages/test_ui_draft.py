import pytest

from curation.errors import UserError
from curation.operators.keep_where import KeepWhere
from curation.recipe import Recipe
from pages.ui.tuning.draft import Draft, Step

RECIPE = """
name: short
steps:
- {op: count_tokens}
- {op: repetition, off: true}
- {op: keep_where, score: n_tokens, maximum: 300}
"""


def test_a_recipe_opened_and_left_alone_stays_the_same():
    assert Draft.of(Recipe.read(RECIPE)).recipe() == Recipe.read(RECIPE)


def test_moving_a_step_keeps_its_identity():
    draft = Draft.of(Recipe.read(RECIPE))
    first, second, third = draft.steps
    draft.move(1, -1)
    assert [step.uid for step in draft.steps] == [second.uid, first.uid, third.uid]


def test_only_applied_steps_are_numbered():
    draft = Draft.of(Recipe.read(RECIPE))
    assert [number for _, number in draft.numbers()] == [1, None, 2]


def test_a_copy_stands_after_its_step_and_changes_alone():
    draft = Draft.of(Recipe.read(RECIPE))
    copy = draft.duplicate(2)
    copy.values["maximum"] = 9.0
    assert [step.values.get("maximum") for step in draft.steps] == [None, None, 300.0, 9.0]
    assert copy.uid != draft.steps[2].uid


def test_a_step_is_told_by_the_values_that_differ():
    told = [
        Step("keep_where", {"score": "n_tokens", "minimum": 2.0, "maximum": 300.0, "unknown": "drop"}).summary(),
        Step("keep_where", {"score": "correct", "equals": True}).summary(),
        Step("drop_segments", {"kinds": ["check", "filler"], "drop_mistakes": True}).summary(),
        Step("count_tokens").summary(),
    ]
    assert told == ["n_tokens, ≥ 2, ≤ 300", "correct, is yes", "kinds check or filler, drop mistakes yes", ""]


def test_edits_are_taken_back_one_by_one():
    draft = Draft.of(Recipe.read(RECIPE))
    draft.remember()
    draft.steps[2].values["maximum"] = 200.0
    draft.remember()
    draft.steps[0].on = False
    draft.remember()
    draft.undo()
    assert (draft.steps[0].on, draft.steps[2].values["maximum"]) == (True, 200.0)
    draft.undo()
    assert draft.recipe() == Recipe.read(RECIPE)
    draft.undo()
    assert draft.recipe() == Recipe.read(RECIPE)


def test_undo_gives_a_new_identity_to_what_changes_only():
    draft = Draft.of(Recipe.read(RECIPE))
    draft.remember()
    before = [step.uid for step in draft.steps]
    draft.steps[2].values["maximum"] = 200.0
    draft.remember()
    draft.undo()
    after = [step.uid for step in draft.steps]
    assert after[:2] == before[:2]
    assert after[2] != before[2]


def test_solved_thresholds_go_to_the_applied_steps_and_further_steps_follow():
    draft = Draft.of(Recipe.read(RECIPE))
    uids = [step.uid for step in draft.steps]
    count, _ = Recipe.read(RECIPE).steps
    moved, further = KeepWhere(score="n_tokens", maximum=120), KeepWhere(score="n_chars", minimum=1)
    draft.set_steps([count, moved, further])
    assert draft.recipe().steps == (count, moved, further)
    assert [step.on for step in draft.steps] == [True, False, True, True]
    assert [step.uid for step in draft.steps][:2] == uids[:2]


def test_a_step_that_is_not_finished_names_its_place_and_field():
    with pytest.raises(UserError, match=r"Step 1: keep_where needs the field 'score'"):
        Draft(steps=[Step("keep_where")]).recipe()


def test_a_step_that_reads_a_score_nobody_adds_is_refused():
    with pytest.raises(UserError, match="'count_tokens' would add it"):
        Draft(steps=[Step("keep_where", {"score": "n_tokens", "maximum": 3.0})]).recipe()


def test_a_step_is_offered_the_scores_of_the_applied_steps_before_it():
    draft = Draft.of(Recipe.read(RECIPE))
    assert "n_tokens" not in draft.scores_before(0, {})
    known = draft.scores_before(2, {"difficulty": "number"})
    assert (known["n_tokens"], known["difficulty"]) == ("number", "number")
    assert "repetition" not in known
