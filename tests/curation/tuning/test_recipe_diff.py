from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.recipe import Recipe
from curation.tuning.recipe_diff import Change, differences

SHORT = KeepWhere(score="n_tokens", maximum=500)
RIGHT = KeepWhere(score="correct", equals=True)


def recipe(*steps, name="r", **fields):
    return Recipe(name=name, steps=steps, **fields)


def test_equal_recipes_have_no_differences():
    assert differences(recipe(CountTokens(), SHORT), recipe(CountTokens(), SHORT)) == []


def test_a_changed_field_is_said_with_both_values():
    longer = KeepWhere(score="n_tokens", maximum=900)
    assert differences(recipe(CountTokens(), SHORT), recipe(CountTokens(), longer)) == [
        Change("changed", "step 2 (keep_where): maximum 500.0 becomes 900.0", 2, 2)
    ]


def test_added_and_removed_steps_are_told_with_their_fields():
    old, new = recipe(CountTokens(), SHORT), recipe(CountTokens(), VerifyAnswer(), RIGHT)
    assert [change.words for change in differences(recipe(CountTokens()), old)] == [
        "step 2 (keep_where) added: score n_tokens, maximum 500.0"
    ]
    found = differences(old, new)
    assert [(change.kind, change.before, change.after) for change in found] == [("added", None, 2), ("changed", 2, 3)]


def test_one_moved_step_is_one_change():
    old = recipe(CountTokens(), VerifyAnswer(), SegmentReasoning())
    new = recipe(VerifyAnswer(), SegmentReasoning(), CountTokens())
    assert differences(old, new) == [Change("moved", "step 1 (count_tokens) is now step 3", 1, 3)]


def test_a_removed_step_keeps_its_number_of_the_first_recipe():
    assert differences(recipe(SegmentReasoning(), Cut()), recipe(SegmentReasoning())) == [
        Change("removed", "step 2 (cut) removed: as it is by default", 2)
    ]


def test_texts_and_settings_are_compared():
    old, new = recipe(name="a", train={"objective": "sft"}), recipe(name="b", train={"objective": "orpo"})
    assert [change.words for change in differences(old, new)] == [
        "name: a becomes b",
        "train: objective sft becomes orpo",
    ]
