"""Spec: the base of operators, objectives and strategies.

A spec is a frozen pydantic model whose fields are its parameters and whose tag field (`op: Literal["cut"]`) is its
identity. From that declaration come the YAML, the form, the command-line flags, the reference page and the key.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import UserError, unknown
from curation.params import When
from curation.trace import canonical_json


class Spec(BaseModel):
    """A named, typed, immutable set of parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
    tag: ClassVar[str]
    version: ClassVar[int] = 1
    when: ClassVar[When] = {}

    @classmethod
    def title(cls) -> str:
        """The name people write: the single value of the tag field."""
        return str(cls.model_fields[cls.tag].default)

    @classmethod
    def help(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @classmethod
    def counts(cls, field: str, values: Mapping[str, Any]) -> bool:
        """Whether a field means anything beside these values of the others."""
        conditions = [found for fields, found in cls.when.items() if field in fields.split()]
        return all(values.get(name) in allowed.split() for one in conditions for name, allowed in one.items())

    def parameters(self) -> dict[str, Any]:
        """All fields but the tag, as plain JSON values."""
        return self.model_dump(mode="json", exclude={self.tag})

    def dump(self) -> dict[str, Any]:
        """The tag and every field that differs from its default: what a person would write in YAML."""
        return {self.tag: self.title(), **self.model_dump(mode="json", exclude={self.tag}, exclude_defaults=True)}

    def key(self) -> str:
        """Name and hash of every field and the version: equal keys give equal results on equal input."""
        text = canonical_json({"version": self.version, **self.parameters()})
        return f"{self.title()}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


S = TypeVar("S", bound="Spec")


class Family(Generic[S]):
    """All specs of one package folder; dropping a file into the folder registers it."""

    def __init__(self, kind: str, package: str, base: type[S]) -> None:
        """Name the kind for messages, the package that is searched, and the base class collected."""
        self.kind, self.package, self.base = kind, package, base

    @cached_property
    def members(self) -> dict[str, type[S]]:
        """Spec classes by name, sorted."""
        folder = importlib.import_module(self.package)
        found: dict[str, type[S]] = {}
        for module in pkgutil.iter_modules(folder.__path__):
            for value in vars(importlib.import_module(f"{self.package}.{module.name}")).values():
                if isinstance(value, type) and issubclass(value, self.base) and value.tag in value.model_fields:
                    found[value.title()] = value
        return dict(sorted(found.items()))

    def get(self, name: str) -> type[S]:
        """The class of that name; UserError names the known ones."""
        if name not in self.members:
            raise unknown(self.kind, name, list(self.members))
        return self.members[name]

    def parse(self, values: Mapping[str, Any], where: str = "") -> S:
        """A spec from plain values; UserError names the field, the found value and the allowed ones."""
        tag = self.base.tag
        if not isinstance(values, Mapping) or tag not in values:
            raise UserError(f"{where}expected a mapping with '{tag}: NAME', found {values!r}.")
        return build(self.get(str(values[tag])), {k: v for k, v in values.items() if k != tag}, where)


def build(spec: type[S], values: Mapping[str, Any], where: str = "") -> S:
    """Validate values into a spec, turning every problem into one UserError."""
    try:
        return spec.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(where + "; ".join(_explain(spec, problem) for problem in error.errors()) + ".") from None


def _explain(spec: type[Spec], problem: Any) -> str:  # noqa: ANN401  (pydantic's ErrorDetails)
    path = ".".join(str(part) for part in problem["loc"]) or "values"
    inside = len(problem["loc"]) > 1  # a field of a field, such as the name of a pipeline's stage
    if problem["type"] == "extra_forbidden":
        known = ", ".join(name for name in spec.model_fields if name != spec.tag)
        return f"{spec.title()} has no field '{path}'" + ("" if inside else f"; its fields: {known}")
    if problem["type"] == "missing":
        about = "" if inside else f" ({spec.model_fields[path].description})"
        return f"{spec.title()} needs the field '{path}'{about}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{spec.title()}.{path}: {message[:1].lower()}{message[1:]}, found {problem['input']!r}"
