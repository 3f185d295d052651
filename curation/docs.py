"""The reference page of a family of specs, written from their declarations alone."""

from collections.abc import Iterator, Mapping

from pydantic.fields import FieldInfo

from curation.operator import Operator
from curation.prompting.prompts import FOLDER, texts
from curation.spec import Family, S, Spec


def reference(family: Family[S], title: str) -> str:
    """Markdown: every spec with its help text and a table of its parameters; those all share stand first, once."""
    lines = [f"# {title}", "", "Written by the `docs` command from the code; a test keeps it true.", ""]
    shared = family.base.model_fields
    if shared:
        lines += ["## Every one of them", "", *_table(shared, {}), ""]
    for spec in family.members.values():
        lines += [*_section(spec, shared), ""]
    return "\n".join(lines)


def _section(spec: type[Spec], shared: Mapping[str, FieldInfo]) -> Iterator[str]:
    kind = f" ({spec.kind})" if issubclass(spec, Operator) else ""
    yield f"## {spec.title()}{kind}"
    yield ""
    yield " ".join((spec.__doc__ or "").split())
    own = {name: field for name, field in spec.model_fields.items() if not _same(field, shared.get(name))}
    own.pop(spec.tag)
    if own:
        yield ""
        yield from _table(own, {text: f"{spec.title()}/{name}" for name, text in texts(spec.title()).items()})


def _same(field: FieldInfo, other: FieldInfo | None) -> bool:
    return other is not None and (field.default, field.description) == (other.default, other.description)


def _table(fields: Mapping[str, FieldInfo], prompts: Mapping[str, str]) -> Iterator[str]:
    yield "| parameter | default | meaning |"
    yield "|---|---|---|"
    for name, field in fields.items():
        yield f"| `{name}` | {_default(field, prompts)} | {field.description} |"


def _default(field: FieldInfo, prompts: Mapping[str, str]) -> str:
    """A default as it is written; a shipped prompt by its file."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, str) and value in prompts:
        return f"[{prompts[value]}]({FOLDER}/{prompts[value]}.txt)"
    return f"`{value!r}`"
