"""A spec's parameters as a form sees them, read from the JSON schema of its class."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from curation.spec import Spec

Shape = Literal["flag", "choice", "choices", "number", "text", "texts", "yaml"]


@dataclass(frozen=True)
class Field:
    """One parameter as a form sees it."""

    name: str
    shape: Shape
    help: str = ""
    default: Any = None
    required: bool = False
    optional: bool = False
    options: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    widget: str = ""

    @property
    def label(self) -> str:
        """The field's name as words."""
        words = self.name.replace("_", " ")
        return words[:1].upper() + words[1:]


@cache  # every redraw asks for those of all annotators, and making a schema takes a millisecond
def fields(spec: type[Spec]) -> tuple[Field, ...]:
    """The parameters of a spec in their order, without its tag."""
    schema = spec.model_json_schema()
    required = schema.get("required", [])
    return tuple(
        _field(name, value, schema.get("$defs", {}), name in required)
        for name, value in schema["properties"].items()
        if name != spec.tag
    )


def _field(name: str, schema: dict[str, Any], definitions: dict[str, Any], required: bool) -> Field:
    branches = [_resolved(branch, definitions) for branch in schema.get("anyOf", [schema])]
    branches = [branch for branch in branches if branch.get("type") != "null"]
    merged = {**schema, **branches[0]} if len(branches) == 1 else {"type": "any", **schema}
    low, high = merged.get("minimum", merged.get("exclusiveMinimum")), merged.get("maximum")
    return Field(
        name=name, help=schema.get("description", ""), default=schema.get("default"), required=required,
        optional="anyOf" in schema and len(branches) < len(schema["anyOf"]), shape=_shape(merged, definitions),
        options=tuple(map(str, _options(merged, definitions))), low=low, high=high,
        whole=merged.get("type") == "integer", widget=_widget(merged, schema, merged.get("items", {})),
    )  # fmt: skip


def _widget(*schemas: dict[str, Any]) -> str:
    return next((str(schema["widget"]) for schema in schemas if "widget" in schema), "")


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = str(schema.get("$ref", ""))
    return {**definitions[reference.rsplit("/", 1)[1]], **schema} if reference else schema


def _options(schema: dict[str, Any], definitions: dict[str, Any]) -> list[Any]:
    inner = _resolved(schema.get("items", {}), definitions) if schema.get("type") == "array" else schema
    return list(inner.get("enum", [inner["const"]] if "const" in inner else []))


def _shape(schema: dict[str, Any], definitions: dict[str, Any]) -> Shape:
    kind, options = schema.get("type"), _options(schema, definitions)
    if kind == "array":
        text = _resolved(schema.get("items", {}), definitions).get("type") == "string" and "prefixItems" not in schema
        return "choices" if options else "texts" if text else "yaml"
    if options:
        return "choice" if all(isinstance(option, str) for option in options) else "yaml"
    shapes: dict[Any, Shape] = {"boolean": "flag", "integer": "number", "number": "number", "string": "text"}
    return shapes.get(kind, "yaml")
