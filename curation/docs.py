"""The reference page of a family of specs, written from their declarations alone."""

from collections.abc import Iterator

from curation.operator import Operator
from curation.spec import Family, S, Spec


def reference(family: Family[S], title: str) -> str:
    """Markdown: every spec with its help text and a table of its parameters."""
    lines = [f"# {title}", "", "Written by the `docs` command from the code; a test keeps it true.", ""]
    for spec in family.members.values():
        lines += [*_section(spec), ""]
    return "\n".join(lines)


def _section(spec: type[Spec]) -> Iterator[str]:
    kind = f" ({spec.kind})" if issubclass(spec, Operator) else ""
    yield f"## {spec.title()}{kind}"
    yield ""
    yield " ".join((spec.__doc__ or "").split())
    fields = {name: field for name, field in spec.model_fields.items() if name != spec.tag}
    if fields:
        yield ""
        yield "| parameter | default | meaning |"
        yield "|---|---|---|"
    for name, field in fields.items():
        default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)!r}`"
        yield f"| `{name}` | {default} | {field.description} |"
