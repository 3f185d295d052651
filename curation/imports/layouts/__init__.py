"""One file per family of row layouts; `convert` turns a row into traces or a problem."""

from curation.imports.layouts import columns, messages, preference, samples, tree, winnow
from curation.imports.layouts.base import Context, Converted, Converter
from curation.imports.mapping import LayoutName, Mapping
from curation.imports.record import Row

__all__ = ["Context", "Converted", "convert"]

CONVERTERS: dict[LayoutName, Converter] = {
    "columns": columns.convert,
    "samples": samples.convert,
    "messages": messages.convert,
    "preference": preference.convert,
    "tree": tree.convert,
    "winnow": winnow.convert,
}


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The traces or the problem of one row, and a reason for everything in it that could not be used."""
    try:
        return CONVERTERS[mapping.layout](row, mapping, context)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RecursionError) as error:
        reason = f"the row does not fit the {mapping.layout} layout: {type(error).__name__}: {error}"
        return Converted(reasons=[reason[:500]])
