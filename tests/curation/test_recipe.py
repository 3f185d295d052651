"""Recipes: what is read, what is refused and in which words."""

import pytest

from curation.errors import UserError
from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.keep_where import KeepWhere
from curation.operators.verify_answer import VerifyAnswer
from curation.recipe import SHIPPED, Recipe, annotators_of

TEXT = """
name: short
description: Half of it.
paper: "2401.00001"
steps:
- op: count_tokens
- {op: keep_where, score: n_tokens, maximum: 100}
- {op: cut, unit: characters}
train: {objective: sft}
evaluate: {strategy: greedy}
"""
STEPS = (CountTokens(), KeepWhere(score="n_tokens", maximum=100), Cut(unit="characters"))


def steps(*lines: str) -> str:
    return "\n".join(["name: r", "steps:", *(f"- {{{line}}}" for line in lines)])


def test_a_recipe_is_read_whole():
    assert Recipe.read(TEXT) == Recipe(
        name="short", description="Half of it.", paper="2401.00001", steps=STEPS, train={"objective": "sft"},
        evaluate={"strategy": "greedy"},
    )  # fmt: skip


def test_a_recipe_reads_back_from_its_dump():
    recipe = Recipe.read(TEXT)
    assert Recipe.read(recipe.dump()) == recipe
    assert "objective: sft" in recipe.dump()


def test_an_empty_paper_is_none():
    assert Recipe.read("name: r\npaper: ''") == Recipe(name="r")


def test_a_recipe_needs_a_name_only():
    assert Recipe.read("name: 5") == Recipe(name="5")
    assert Recipe(name="r").dump() == "name: r\nsteps: []\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"^r\.yaml: expected a mapping with 'name' and 'steps', found NoneType\.$"),
        ("- a\n- b", r"^r\.yaml: expected a mapping with 'name' and 'steps', found list\.$"),
        ("name: r\nsteps: [", r"^r\.yaml, line 2: this is not valid YAML \(.*\); close every bracket and quote, "),
        ("name: r\n\tsteps: 1", r"^r\.yaml, line 2: this is not valid YAML"),
        ("name: \x07", r"^r\.yaml: this is not valid YAML"),
        ("name: r\nrun: !!python/object/apply:os.system [ls]", r"^r\.yaml, line 2: this is not valid YAML"),
        (
            "steps: []",
            r"^r\.yaml has no 'name'; a recipe's fields: name, description, paper, steps, train, evaluate\.$",
        ),
        ("name: null", r"^r\.yaml has no 'name'; "),
        ("name: r\nstep: []\n1: 2", r"^r\.yaml, line 2 has unknown fields step, 1; a recipe's fields: name, "),
        ("name: r\nsteps: segment", r"^r\.yaml, line 2: 'steps' must be a list of operators, found str\.$"),
        (
            "name: r\nsteps: [segment]",
            r"^r\.yaml, line 2, step 1: expected a mapping with 'op: NAME', found 's",
        ),
        ("name: r\ntrain: sft", r"^r\.yaml, line 2: 'train' must be a mapping, found str\.$"),
        ("name: r\nevaluate: [1]", r"^r\.yaml, line 2: 'evaluate' must be a mapping, found list\.$"),
        ("name: r\ndescription: {a: b}", r"^r\.yaml, line 2: 'description' must be text, found dict\.$"),
        (
            steps("op: segments"),
            r"^r\.yaml, line 3, step 1: Unknown operator 'segments'; known: .*chunk, .*verify_answer\.$",
        ),
        (
            steps("op: segment", "op: cut, share: 1"),
            r"^r\.yaml, line 4, step 2: cut has no field 'share'; its fields: policy, ",
        ),
        (
            steps("op: repetition, n: many"),
            r"^r\.yaml, line 3, step 1: repetition\.n: input should be a valid integer, .*'many'",
        ),
        (
            steps("op: keep_where, score: correct, equals: true"),
            r"^r\.yaml, line 3: Step 1 \(keep_where\) reads 'correct', which no step before it adds; "
            r"'verify_answer' would add it\.$",
        ),
        (
            steps("op: keep_where, score: kindness, minimum: 1"),
            r"reads 'kindness', which no step before it adds; none of the known annotators would add it\.$",
        ),
        (
            steps("op: verify_answer", "op: cut, unit: characters", "op: keep_where, score: correct, equals: true"),
            r"^r\.yaml, line 5: Step 3 \(keep_where\) reads 'correct', which was measured before a mapper changed the "
            r"traces: add 'verify_answer' again after the mapper\.$",
        ),
        (steps("op: difficulty"), r"^r\.yaml, line 3: Step 1 \(difficulty\) reads 'correct', .* would add it\.$"),
        (steps("op: chunk"), r"^r\.yaml, line 3: Step 1 \(chunk\) needs segments: add the annotator 'segment' b"),
        (
            steps("op: segment", "op: chunk", "op: drop_segments"),
            r"^r\.yaml, line 5: Step 3 \(drop_segments\) needs segments: add the annotator 'segment' before it\.$",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(text, message):
    with pytest.raises(UserError, match=message):
        Recipe.read(text, "r.yaml")


@pytest.mark.parametrize(
    "text",
    [
        steps("op: keep_where, score: n_chars, minimum: 1"),
        steps("op: keep_where, score: given_correct, equals: true"),
        steps("op: segment", "op: cut", "op: drop_segments"),
        steps(
            "op: verify_answer",
            "op: difficulty",
            "op: cut, unit: characters",
            "op: keep_where, score: pass_rate, minimum: 0",
        ),
        steps(
            "op: count_tokens",
            "op: cut, unit: characters",
            "op: count_tokens",
            "op: keep_where, score: n_tokens, maximum: 9",
        ),
    ],
)
def test_scores_and_segments_that_are_there_may_be_read(text):
    assert Recipe.read(text).name == "r"


PARKED = """name: r
steps:
- op: verify_answer
  off: true
- op: count_tokens
- op: cut
  unit: characters
  off: true
- op: cut
  amount: 0.25
  unit: characters
"""


def test_a_step_that_is_switched_off_keeps_its_place_and_is_not_applied():
    recipe = Recipe.read(PARKED)
    first, last = Cut(unit="characters"), Cut(unit="characters", amount=0.25)
    assert recipe.steps == (CountTokens(), last)
    assert recipe.listed() == [(VerifyAnswer(), False), (CountTokens(), True), (first, False), (last, True)]
    assert recipe.dump() == PARKED


def test_a_step_that_is_switched_off_is_still_checked_and_adds_nothing():
    with pytest.raises(UserError, match=r"^The recipe, line 3, step 1: cut has no field 'share'"):
        Recipe.read(steps("op: cut, share: 1, off: true"))
    text = steps("op: verify_answer, off: true", "op: keep_where, score: correct, equals: true")
    with pytest.raises(UserError, match=r"^The recipe, line 4: Step 2 \(keep_where\) reads 'correct', which no step"):
        Recipe.read(text)


def test_annotators_are_known_by_what_they_add():
    assert (annotators_of("n_tokens"), annotators_of("correct"), annotators_of("kindness")) == (
        ["count_tokens"],
        ["verify_answer"],
        [],
    )


def test_a_recipe_file_is_read_with_or_without_byte_order_mark(tmp_path):
    (tmp_path / "r.yaml").write_text(TEXT, encoding="utf-8-sig")
    assert Recipe.load(tmp_path / "r.yaml").steps == STEPS


def test_a_recipe_file_that_is_missing_or_no_text_is_named(tmp_path):
    known = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.yaml")))
    with pytest.raises(UserError, match=rf"^There is no recipe file .*x\.yaml; shipped recipes: {known}\.$"):
        Recipe.load(tmp_path / "x.yaml")
    (tmp_path / "r.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(UserError, match=r"r\.yaml is no text in UTF-8 \(byte 6\); save the recipe as UTF-8\.$"):
        Recipe.load(tmp_path / "r.yaml")
