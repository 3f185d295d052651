"""Command-line flags from a spec: `max_length: int | None` becomes `--max-length`, read back into the same spec."""

import argparse
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from curation.errors import UserError
from curation.spec import Spec, build
from curation.yaml_lines import Lines

S = TypeVar("S", bound=Spec)
LONGEST = 60  # characters of a default that are shown


def add_flags(parser: argparse.ArgumentParser, spec: type[Spec]) -> None:
    """One flag per field of the spec but its tag."""
    group = parser.add_argument_group(spec.title(), spec.help())
    for name, field in spec.model_fields.items():
        if name != spec.tag:
            group.add_argument(_flag(name), dest=_dest(name), **_options(field))


def from_flags(spec: type[S], values: argparse.Namespace) -> S:
    """The spec of the given flags; the rest keep their defaults. UserError names a bad value."""
    given = {name: vars(values)[_dest(name)] for name in spec.model_fields if _dest(name) in vars(values)}
    return build(spec, {name: _read(spec.model_fields[name], value) for name, value in given.items()})


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _dest(name: str) -> str:
    """Apart from the program's own options, which may have the same name."""
    return f"spec.{name}"


def _options(field: FieldInfo) -> dict[str, Any]:
    kind, text = _kind(field), f"{field.description or ''} {_default(field)}".strip().replace("%", "%%")
    options: dict[str, Any] = {"default": argparse.SUPPRESS, "help": text}
    if kind is bool:
        return options | {"action": argparse.BooleanOptionalAction}
    if get_origin(kind) is Literal:
        return options | {"choices": [str(value) for value in get_args(kind)]}
    return options | {"metavar": _metavar(kind)}


def _metavar(kind: Any) -> str:  # noqa: ANN401  (a type)
    if _is_list(kind):
        return "[{A: 1}, {A: 2}]" if _is_model(get_args(kind)) else "A,B"
    if _is_mapping(kind):
        return "{A: 1, B: 2}"
    return {int: "N", float: "X"}.get(kind, "TEXT")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = to_jsonable_python(field.get_default(call_default_factory=True))
    text = " ".join(str("none" if value is None else value).split())
    return f"(default: {text if len(text) <= LONGEST else text[:LONGEST] + '…'})"


def _kind(field: FieldInfo) -> Any:  # noqa: ANN401  (a type)
    """The field's type without None."""
    kind = field.annotation
    if get_origin(kind) in (Union, UnionType):
        kinds = [part for part in get_args(kind) if part is not type(None)]
        kind = kinds[0] if len(kinds) == 1 else str
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _is_list(kind: Any) -> bool:  # noqa: ANN401  (a type)
    return kind in (list, tuple, set) or get_origin(kind) in (list, tuple, set)


def _is_model(kinds: tuple[Any, ...]) -> bool:
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds)


def _is_mapping(kind: Any) -> bool:  # noqa: ANN401  (a type)
    return kind is dict or get_origin(kind) is dict


def _read(field: FieldInfo, value: object) -> object:
    """Text as pydantic wants it: `none` for an empty optional field, commas between list items, else YAML."""
    kind = _kind(field)
    if isinstance(value, str) and value.lower() == "none" and type(None) in get_args(field.annotation):
        return None
    if isinstance(value, str) and _is_list(kind) and value.lstrip().startswith("["):
        return _yaml(value)
    if isinstance(value, str) and _is_list(kind):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, str) and _is_mapping(kind):
        return _yaml(value)
    return value


def _yaml(text: str) -> object:
    try:
        return Lines.of(text, "The flag").values
    except UserError:
        return text  # which the spec refuses, naming the field
