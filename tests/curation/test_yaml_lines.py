"""YAML from people, which may be made to hurt."""

import pytest

from curation.errors import UserError
from curation.recipe import Recipe
from curation.yaml_lines import LONGEST, Lines, dump

LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, "line 2: this is not valid YAML .found an alias.; write out what the alias stands for"),
        ("[" * 5000, "inside each other too deeply"),
        ("a" * (LONGEST + 1), "at most 200,000 are read"),
        ("!!int ''", "not valid YAML"),
        ("!!bool maybe", "not valid YAML"),
        ("!!timestamp x", "not valid YAML"),
        ("2001-99-99", "not valid YAML"),
        ("!!python/object/apply:os.system [id]", "remove the tag"),
    ],
    ids=lambda text: text[:20],
)
def test_what_would_hurt_is_refused(text, told):
    with pytest.raises(UserError, match=told):
        Lines.of(text, "The recipe")


def test_a_value_that_stands_twice_is_written_out():
    twice = ["a", "b"]
    assert dump({"x": twice, "y": twice}) == "x:\n- a\n- b\ny:\n- a\n- b\n"


def test_a_refusal_repeats_no_more_than_a_bit_of_what_it_found():
    with pytest.raises(UserError) as told:
        Recipe.read(f"name: x\nsteps: [{{op: count_tokens, tokenizer: [{'y, ' * 50_000}]}}]")
    assert len(str(told.value)) < 600
