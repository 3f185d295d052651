"""What the student sees: rendered template, trained tokens shaded, the cut, and a whole set's rows with a defect."""

import html
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import streamlit as st

from curation.backends.transformers_model import load_tokenizer
from curation.curated import CuratedSet
from curation.trace import Trace
from pages.ui.reading.maths import visible
from training.rows.data import DEFECTS, RED, Check, Defect, Piece, pieces, render
from training.rows.inspection import Inspection, count, places
from training.rows.reading import PLAIN, Reading

POLL = 0.1  # seconds between two slices of an inspection
EXAMPLES = 200  # rows of a defect one can leaf through
CSS = """
.w-special {outline: 1px solid rgba(128, 138, 150, .7); border-radius: 3px; opacity: .85; padding: 0 1px;}
.w-lost {opacity: .5; text-decoration: line-through; text-decoration-color: rgba(212, 84, 92, .6);}
"""
KEY = (
    '<div class="w-legend"><span><i class="w-trained"></i>Trained</span><span><i></i>Read, not trained</span>'
    '<span><span class="w-special">&lt;|token|&gt;</span> special token</span></div>'
)


@st.cache_resource(show_spinner="Loading the tokenizer", max_entries=4)
def tokenizer(path: str) -> Any:  # noqa: ANN401  (a transformers tokenizer)
    """The student's tokenizer."""
    return load_tokenizer(path)


@st.cache_resource(max_entries=8)
def _inspection(
    _curated: CuratedSet, folder: str, created: str, path: str, _reading: Reading, reading: str
) -> Inspection:
    return Inspection(_curated, path, tokenizer(path), _reading)


def inspection(curated: CuratedSet, path: str, reading: Reading = PLAIN) -> Inspection:
    """The inspection of a set for a student, as an objective has it read."""
    return _inspection(curated, str(curated.folder), curated.manifest.created, path, reading, reading.key())


def show(
    curated: CuratedSet, path: str, max_length: int, repairs: Callable[[Check], None], reading: Reading = PLAIN
) -> Check | None:
    """Draw counts over the whole set and one row; None while rows are still being measured.

    `repairs` draws what can be done about the defects, where the rows are read as they are.
    """
    seen = inspection(curated, path, reading)
    complete = seen.advance()
    facts = count(seen.rows(), seen.limit(max_length))
    if not complete:
        st.fragment(_measure, run_every=POLL, key=f"inspection-{seen.folder.name}")(seen)
    numbers(facts, seen.total)
    found = {name: rows for name, rows in facts.defects.items() if rows}
    if found:
        defects(found, facts.rows)
        if complete and reading == PLAIN:
            repairs(facts)
    elif complete:
        st.caption("No row has a defect.")
    rows_of(seen, path, max_length, list(found))
    return facts if complete else None


def _measure(seen: Inspection) -> None:
    """The next slice; the page is drawn anew when all rows are measured."""
    if seen.advance():
        st.rerun()
    done = seen.done()
    st.progress(done / max(1, seen.total), text=f"{done:,} of {seen.total:,} rows measured for this student")


def numbers(facts: Check, total: int) -> None:
    """Rows, tokens, trained tokens."""
    columns = st.columns(4)
    columns[0].metric("Rows checked", f"{facts.rows:,} of {total:,}")
    columns[1].metric("Tokens", facts.tokens, format="localized")
    share = f"{facts.trained_tokens / facts.tokens:.0%}" if facts.tokens else "unknown"
    columns[2].metric("Trained tokens", f"{facts.trained_tokens:,}", share, delta_color="off", delta_arrow="off")
    columns[3].metric("Longest row", facts.longest, format="localized", help="Tokens before anything is cut")


def defects(found: dict[Defect, int], rows: int) -> None:
    """One line a defect: how many rows, whether it forbids the launch, what to do."""
    st.dataframe(
        [{"Rows": number, "Share": number / rows, "Defect": words(name),
          "Launch": "blocked" if name in RED else "allowed", "What to do": DEFECTS[name]}
         for name, number in found.items()],
        hide_index=True, height="content", alt="Rows with a defect",
        column_config={"Share": st.column_config.NumberColumn("Share", format="percent")},
    )  # fmt: skip


def words(defect: Defect) -> str:
    """A defect's name as people say it."""
    return defect.replace("_", " ")


def rows_of(seen: Inspection, path: str, max_length: int, found: Sequence[Defect]) -> None:
    """One row token by token, of all rows or of those with a defect."""
    curated = seen.curated
    names = {"": "All rows", **{name: words(name) for name in found}}
    picked = ""
    if found:
        picked = st.segmented_control(
            "Rows shown", list(names), default="", required=True, format_func=lambda name: names[name],
            key=f"seen-which-{curated.name}-{'-'.join(found)}", label_visibility="collapsed",
        ) or ""  # fmt: skip
    chosen: Sequence[int] = range(curated.manifest.rows)
    if picked:
        chosen = places(seen.rows(), seen.limit(max_length), picked)[:EXAMPLES]  # type: ignore[arg-type]
    if not chosen:
        return
    number = st.pagination(len(chosen), key=f"seen-row-{curated.name}-{picked}", max_visible_pages=7)
    place = chosen[min(number, len(chosen)) - 1]
    trace = next(islice(curated.traces(place), 1), None)
    if trace is not None:
        st.caption(f"Row {place + 1:,} of {curated.manifest.rows:,}")
        show_trace(trace, path, max_length, seen.reading)


def show_trace(trace: Trace, path: str, max_length: int, reading: Reading = PLAIN) -> None:
    """One trace as the student of this folder or hub name sees it, cut at `max_length` tokens."""
    loaded = tokenizer(path)
    row = render(loaded, trace, max_length, reading)
    lost = len(row.token_ids) - row.kept
    st.caption(f"{min(row.n_prompt, row.kept):,} tokens of prompt, {row.trained:,} trained, {lost:,} cut off")
    for defect in row.defects:
        icon = ":material/block:" if defect in RED else ":material/info:"
        st.caption(f"{icon} {words(defect).capitalize()}: {DEFECTS[defect][:1].lower()}{DEFECTS[defect][1:]}")
    st.html(f"<style>{CSS}</style>{KEY}{tokens(pieces(loaded, row))}")


def tokens(shown: Sequence[Piece]) -> str:
    """Tokens as HTML: runs of equal fate share one element, so that long rows stay light."""
    parts: list[str] = []
    fate: tuple[bool, bool] | None = None
    for piece in shown:
        now = (piece.trained, piece.cut)
        if now != fate:
            parts.append(f"{'</span>' if fate else ''}{_opening(*now)}")
            fate = now
        text = html.escape(visible(piece.text))
        parts.append(f'<span class="w-special">{text}</span>' if piece.special else text)
    return f'<div class="w-tokens">{"".join(parts)}{"</span>" if fate else ""}</div>'


def _opening(trained: bool, cut: bool) -> str:
    if cut:
        return '<div class="w-cut">Cut off from here: the student never sees this</div><span class="w-lost">'
    return f'<span class="{"w-trained" if trained else "w-prompt"}">'
