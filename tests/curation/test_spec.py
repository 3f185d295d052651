"""Specs: parsing, refusing, dumping, keys and their reference page."""

from typing import ClassVar, Literal, get_args

import pytest
from pydantic import Field, ValidationError

from curation.docs import reference
from curation.errors import UserError
from curation.operator import OPERATORS, column, literal
from curation.operators.keep_where import KeepWhere
from curation.operators.repetition import Repetition
from curation.spec import Spec, build


class Boil(Spec):
    """Boil it.

    With water.
    """

    tag = "dish"
    dish: Literal["boil"] = "boil"
    minutes: int = Field(3, description="Time, minutes", ge=1)
    salt: bool | None = Field(None, description="Whether to add salt")


class Boil2(Boil):
    """Boil it otherwise."""

    version: ClassVar[int] = 2


def test_a_spec_knows_its_name_help_and_parameters():
    assert (Boil.title(), Boil.help(), Boil().parameters()) == ("boil", "Boil it.", {"minutes": 3, "salt": None})


def test_a_dump_holds_the_name_and_what_differs_from_the_defaults():
    assert Boil(minutes=5).dump() == {"dish": "boil", "minutes": 5}
    assert Boil(minutes=3).dump() == {"dish": "boil"}


def test_keys_follow_every_value_and_the_version():
    keys = [spec.key() for spec in (Boil(), Boil(minutes=4), Boil(salt=False), Boil(salt=True), Boil2())]
    assert len(set(keys)) == 5
    assert Boil(minutes=3).key() == Boil().key()
    assert all(key.startswith("boil_") and len(key) == 17 for key in keys)


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValidationError, match="Instance is frozen"):
        Boil().minutes = 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"minutes": "long"}, r"boil\.minutes: input should be a valid integer, .*, found 'long'\.$"),
        ({"time": 1}, r"^boil has no field 'time'; its fields: minutes, salt\.$"),
        ({"minutes": 0, "salt": "much"}, r"boil\.minutes: .*found 0; boil\.salt: .*found 'much'\.$"),
        ({3: 4}, r"boil"),
    ],
)
def test_wrong_values_are_all_named(values, message):
    with pytest.raises(UserError, match=message):
        build(Boil, values)


def test_a_missing_value_is_described():
    with pytest.raises(UserError, match=r"^keep_where needs the field 'score' \(Score or column compared\)"):
        build(KeepWhere, {"minimum": 1})


def test_operators_are_found_by_name_and_the_known_ones_named():
    assert OPERATORS.get("repetition") is Repetition
    assert list(OPERATORS.members) == sorted(OPERATORS.members)
    with pytest.raises(UserError, match=r"^Unknown operator 'prune_waits'; known: ablate, balance, .*verify_answer"):
        OPERATORS.get("prune_waits")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n": 4}, r"^Step 1: expected a mapping with 'op: NAME', found {'n': 4}\.$"),
        ("repetition", r"^Step 1: expected a mapping with 'op: NAME', found 'repetition'\.$"),
        (None, r"^Step 1: expected a mapping with 'op: NAME', found None\.$"),
        (
            {"op": "repetition", "n": 0},
            r"^Step 1: repetition\.n: input should be greater than or equal to 1, found 0\.$",
        ),
        ({"op": ["x"]}, r"Unknown operator '\['x'\]'"),
    ],
)
def test_values_that_are_no_operator_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        OPERATORS.parse(values, "Step 1: ")


def test_names_and_texts_are_quoted_for_sql():
    assert (column('a"b'), literal("it's"), literal(None)) == ('"a""b"', "'it''s'", "NULL")
    assert [literal(value) for value in (True, False, 1, 1.5)] == ["TRUE", "FALSE", "1", "1.5"]


def test_the_reference_page_describes_every_operator_and_parameter():
    page = reference(OPERATORS, "Operators")
    for title, spec in OPERATORS.members.items():
        assert f"## {title} ({spec.kind})" in page
        for name, field in spec.model_fields.items():
            if name != "op":
                assert f"| `{name}` |" in page
                assert str(field.description) in page


@pytest.mark.parametrize("spec", OPERATORS.members.values(), ids=lambda spec: spec.title())
def test_fields_count_beside_values_that_earlier_fields_can_have(spec):
    order = list(spec.model_fields)
    for names, conditions in spec.when.items():
        for other, allowed in conditions.items():
            assert all(order.index(other) < order.index(name) for name in names.split())
            assert set(allowed.split()) < set(get_args(spec.model_fields[other].annotation))
