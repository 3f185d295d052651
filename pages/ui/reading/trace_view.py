"""One trace on screen: coloured, collapsible segments, its scores, and what a mapper removed."""

import html
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from curation.operator import Value
from curation.trace import KINDS, Trace
from pages.ui.reading import reader
from pages.ui.reading.looks import KIND_NAMES
from pages.ui.reading.maths import literal, to_markdown, visible
from pages.ui.reading.pieces import Piece, changes, pieces_of

LONGEST = 12_000  # characters of a question or answer shown


def legend(kinds: Collection[str]) -> str:
    """Names of the kinds present, each with its colour."""
    items = (f'<span><i class="w-{kind}"></i>{KIND_NAMES[kind]}</span>' for kind in KINDS if kind in kinds)
    return f'<div class="w-legend" role="list" aria-label="Kinds of segments">{"".join(items)}</div>'


def scores_line(scores: Mapping[str, Value]) -> str:
    """Scores as name and value; what is unknown says so."""
    items = (
        f"<span><span>{html.escape(name)}</span><b>{html.escape(shown(v))}</b></span>" for name, v in scores.items()
    )
    return f'<div class="w-scores">{"".join(items)}</div>'


def shown(value: Value) -> str:
    """A score as people write it."""
    if value is None or value != value:  # NaN
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else visible(value)


def show_trace(
    trace: Trace, key: str, closed: Collection[str] = (), raw: bool = False, pieces: Sequence[Piece] | None = None
) -> None:
    """Draw reasoning and answer of one trace, rendered or as written; `pieces` where they carry marks."""
    if raw:
        reader.show_raw(trace.reasoning, key)
        st.caption("Answer")
        st.code(visible(trace.answer[:LONGEST]) or "(no answer)", language=None, wrap_lines=True)
        return
    kinds = {segment.kind for segment in trace.segments}
    if kinds:
        st.html(legend(kinds))
    reader.show(pieces_of(trace) if pieces is None else pieces, key, closed)
    st.caption("Answer")
    show_text(trace.answer or "(no answer)")


def show_text(text: str, style: str = "w-text") -> None:
    """Draw untrusted text with its formulas, at most what one element should hold."""
    cut = f"{literal(' …')}" if len(text) > LONGEST else ""
    st.markdown(f'<span class="{style}">{to_markdown(text[:LONGEST])}{cut}</span>', unsafe_allow_html=True)


def show_changes(before: Trace, after: Sequence[Trace], key: str) -> None:
    """Draw what a mapper made of a trace: removed segments struck through, several children one after another."""
    if not after:
        st.caption("Nothing was left of this trace.")
    for index, child in enumerate(after):
        if len(after) > 1:
            st.caption(f"Trace {index + 1} of {len(after)}: {len(child.reasoning):,} characters of reasoning")
        reader.show(changes(before, child), f"{key}-{index}")
