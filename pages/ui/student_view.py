"""What the student sees: rendered template, trained tokens shaded, the cut, and counts of rows with a defect."""

import html
from collections.abc import Sequence
from itertools import islice
from typing import Any

import streamlit as st

from curation.curated import CuratedSet
from curation.models import load_tokenizer
from pages.ui.maths import visible
from training.data import DEFECTS, Check, Piece, check, pieces, render, render_all

CHECKED = 2000  # rows; about four seconds
BLOCKING = ("no_trained_token", "text_lost")


@st.cache_resource(show_spinner="Loading the tokenizer", max_entries=4)
def tokenizer(path: str) -> Any:  # noqa: ANN401  (a transformers tokenizer)
    """The student's tokenizer."""
    return load_tokenizer(path)


@st.cache_data(show_spinner="Rendering the rows as the student sees them", max_entries=16)
def checked(_curated: CuratedSet, created: str, name: str, path: str, max_length: int) -> Check:
    """Counts of tokens and defects over the first rows of a set."""
    return check(render_all(tokenizer(path), islice(_curated.traces(), CHECKED), max_length))


def show(curated: CuratedSet, path: str, max_length: int) -> bool:
    """Draw counts and one row; False when a defect forbids the launch."""
    facts = checked(curated, curated.manifest.created, curated.name, path, max_length)
    columns = st.columns(3)
    columns[0].metric("Rows checked", f"{facts.rows:,} of {curated.manifest.rows:,}")
    columns[1].metric("Tokens", facts.tokens, format="localized")
    share = f"{facts.trained_tokens / facts.tokens:.0%}" if facts.tokens else "unknown"
    columns[2].metric("Trained tokens", f"{facts.trained_tokens:,}", share, delta_color="off", delta_arrow="off")
    found = {name: count for name, count in facts.defects.items() if count}
    if found:
        st.dataframe(
            [{"Rows": count, "Defect": name.replace("_", " "), "What to do": DEFECTS[name]}
             for name, count in found.items()],
            hide_index=True, height="content", alt="Rows with a defect",
        )  # fmt: skip
    else:
        st.caption("No row has a defect.")
    one_row(curated, path, max_length)
    return not any(name in found for name in BLOCKING)


def one_row(curated: CuratedSet, path: str, max_length: int) -> None:
    """One row token by token."""
    rows = min(50, curated.manifest.rows)
    number = st.pagination(max(1, rows), key="seen-row", max_visible_pages=7)
    trace = next(islice(curated.traces(), number - 1, None), None)
    if trace is None:
        return
    row = render(tokenizer(path), trace, max_length)
    cut = len(row.token_ids) - row.kept
    st.caption(f"{row.n_prompt:,} tokens of prompt, {row.trained:,} trained (shaded), {cut:,} cut off")
    st.html(tokens(pieces(tokenizer(path), row)))


def tokens(shown: Sequence[Piece]) -> str:
    """Tokens as HTML: runs of equal fate share one element, so that long rows stay light."""
    parts: list[str] = []
    fate: tuple[bool, bool] | None = None
    for piece in shown:
        now = (piece.trained, piece.cut)
        if now != fate:
            parts.append(f"{'</span>' if fate else ''}{_opening(*now)}")
            fate = now
        parts.append(html.escape(visible(piece.text)))
    return f'<div class="w-tokens">{"".join(parts)}{"</span>" if fate else ""}</div>'


def _opening(trained: bool, cut: bool) -> str:
    if cut:
        return '<div class="w-cut">Cut off from here: the student never sees this</div><span class="w-lost">'
    return f'<span class="{"w-trained" if trained else "w-prompt"}">'
