import argparse
from typing import ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from curation.errors import UserError
from curation.flags import add_flags, from_flags
from curation.params import Positive
from curation.spec import Spec


class Piece(BaseModel):
    """One of several pieces."""

    form: str = "cot"
    n: int = 1


class Sample(Spec):
    """A spec with a field of every kind."""

    tag: ClassVar[str] = "thing"
    thing: Literal["sample"] = "sample"
    deep: bool = Field(True, description="Look deeper")
    mode: Literal["fast", "exact"] = Field("fast", description="How to look")
    rows: Positive | None = Field(8, description="Most rows, 100 % of them by default")
    share: float = Field(0.5, description="Share kept")
    names: list[str] = Field(["a"], description="Names")
    note: str = Field("", description="A remark")
    parts: dict[str, float] = Field({}, description="Parts by name")
    pieces: list[Piece] = Field([Piece()], description="Pieces in order")


class Needy(Spec):
    """A spec with a field that has no default."""

    tag: ClassVar[str] = "thing"
    thing: Literal["needy"] = "needy"
    column: str = Field(description="Column read")


def parsed(spec, *given):
    parser = argparse.ArgumentParser()
    add_flags(parser, spec)
    return from_flags(spec, parser.parse_args(given))


def test_no_flags_give_the_defaults():
    assert parsed(Sample) == Sample()


def test_every_kind_of_field_has_its_flag():
    given = ["--no-deep", "--mode", "exact", "--rows", "3", "--share", "0.25", "--names", "x, y", "--note", "hi"]
    given += ["--parts", "{long: 1, short: 4}"]
    wanted = Sample(
        deep=False, mode="exact", rows=3, share=0.25, names=["x", "y"], note="hi", parts={"long": 1, "short": 4}
    )
    assert parsed(Sample, *given) == wanted


def test_a_list_may_be_written_as_yaml_where_its_items_hold_commas():
    assert parsed(Sample, "--names", '["a, b", c]') == Sample(names=["a, b", "c"])


def test_a_list_of_mappings_is_written_as_yaml():
    given = '[{form: "a, b", n: 2}, {n: 3}]'
    assert parsed(Sample, "--pieces", given) == Sample(pieces=[Piece(form="a, b", n=2), Piece(n=3)])


def test_none_empties_an_optional_field():
    assert parsed(Sample, "--rows", "none") == Sample(rows=None)


def test_a_bad_value_names_field_and_bound():
    with pytest.raises(UserError, match=r"sample\.rows: input should be greater than or equal to 1, found '0'"):
        parsed(Sample, "--rows", "0")


def test_a_mapping_that_is_none_is_refused():
    with pytest.raises(UserError, match=r"sample\.parts: input should be a valid dictionary"):
        parsed(Sample, "--parts", "{long: 1")


def test_a_missing_value_is_named_with_its_meaning():
    with pytest.raises(UserError, match=r"needy needs the field 'column' \(Column read\)"):
        parsed(Needy)


def test_help_shows_description_and_default(capsys):
    with pytest.raises(SystemExit, match="0"):
        parsed(Sample, "--help")
    assert "Most rows, 100 % of them by default (default: 8)" in " ".join(capsys.readouterr().out.split())
