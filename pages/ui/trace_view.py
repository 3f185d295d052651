"""One trace on screen: coloured, collapsible segments, its scores, and what a mapper removed."""

import html
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, NamedTuple

import streamlit as st

from curation.operator import Value
from curation.trace import KINDS, Kind, Trace
from pages.ui.maths import literal, to_markdown, visible

SHOWN, MOST = 16_000, 150  # characters and segments drawn at first; below a second in the browser, formulas included
BATCH = 6_000  # characters of one element, so that the first lines appear before the last are laid out
LIGHT = 4000  # elements; more are drawn as one without colours
LONGEST = 12_000  # characters of one segment shown before its rest
KIND_NAMES: dict[Kind, str] = {
    "restate": "Restate",
    "plan": "Plan",
    "attempt": "Attempt",
    "check": "Check",
    "backtrack": "Backtrack",
    "alternative": "Alternative",
    "filler": "Filler",
    "answer": "Answer",
}
# red, green, blue of each kind: used as a translucent background, so that both themes keep their text colour
COLOURS: dict[Kind, str] = {
    "restate": "128, 138, 150",
    "plan": "66, 133, 210",
    "attempt": "42, 140, 130",
    "check": "214, 158, 46",
    "backtrack": "212, 84, 92",
    "alternative": "146, 104, 196",
    "filler": "150, 150, 140",
    "answer": "86, 160, 62",
}
CSS = """
.stMainBlockContainer {padding-left: 2.2rem; padding-right: 2.2rem;}
.w-seg {border-left: 3px solid; border-radius: 0 4px 4px 0; padding: .2rem .7rem .3rem; margin: 0 0 .3rem;}
.w-seg summary, .w-note {font-size: .74rem; opacity: .72; cursor: pointer; list-style-position: outside;}
.w-text, .w-seg p {white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; margin: 0;
  line-height: 1.5; font-size: .95rem;}
.w-code {display: block; white-space: pre-wrap; font-size: .82rem; margin: .3rem 0; padding: .4rem .6rem;}
.katex-error {color: inherit !important; text-decoration: underline dotted rgba(212, 84, 92, .9);}
.w-plain {border-color: rgba(128, 138, 150, .35);}
.w-removed p, .w-removed .w-text {text-decoration: line-through; text-decoration-color: rgba(212, 84, 92, .8);
  opacity: .62;}
.w-removed {border-left-style: dashed;}
.w-added {outline: 1px dashed rgba(86, 160, 62, .8);}
.w-formula {display: block; text-align: center; margin: .35rem 0; overflow-x: auto;}
.w-legend {display: flex; flex-wrap: wrap; gap: .3rem .9rem; font-size: .8rem; opacity: .9; margin: .1rem 0 .3rem;}
.w-legend i {display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .3rem;
  vertical-align: -1px; border: 1px solid;}
.w-scores {display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .84rem; margin: 0 0 .3rem;}
.w-scores b {font-weight: 600; font-variant-numeric: tabular-nums;}
.w-scores span span {opacity: .65; margin-right: .3rem;}
.w-question {white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-weight: 500; margin: 0;}
.w-cut {border-top: 2px dashed rgba(212, 84, 92, .9); margin: .3rem 0; font-size: .74rem;}
.w-trained {background: rgba(42, 140, 130, .22);}
.w-tokens {white-space: pre-wrap; overflow-wrap: anywhere; font-family: "Source Code Pro", monospace;
  font-size: .82rem;
  line-height: 1.5;}
"""


class Piece(NamedTuple):
    """A stretch of reasoning as it is shown."""

    text: str
    kind: Kind | None
    state: Literal["kept", "removed", "added"] = "kept"


def stylesheet() -> str:
    """The style sheet of traces, one rule for each kind of segment."""
    rules = [
        f".w-{kind} {{background: rgba({colour}, .10); border-color: rgba({colour}, .75);}}\n"
        f".w-legend .w-{kind} {{background: rgba({colour}, .45);}}"
        for kind, colour in COLOURS.items()
    ]
    return f"<style>{CSS}{''.join(rules)}</style>"


def pieces_of(trace: Trace) -> list[Piece]:
    """The reasoning cut at its segments; one plain piece when it has none."""
    if not trace.segments:
        return [Piece(trace.reasoning, None)] if trace.reasoning else []
    return [Piece(trace.reasoning[s.start : s.stop], s.kind) for s in trace.segments]


def changes(before: Trace, after: Trace) -> list[Piece]:
    """The segments of a trace, those that its child lacks marked removed, and the child's new text marked added."""
    old, new = pieces_of(before), pieces_of(after)
    if [piece.kind for piece in old] == [None] or [piece.kind for piece in new] == [None]:
        old, new = _sentences(old), _sentences(new)
    matcher = SequenceMatcher(None, [p.text for p in old], [p.text for p in new], autojunk=False)
    out: list[Piece] = []
    for tag, start, stop, first, last in matcher.get_opcodes():
        out += [piece._replace(state="kept" if tag == "equal" else "removed") for piece in old[start:stop]]
        out += [piece._replace(state="added") for piece in new[first:last] if tag != "equal"]
    return out


def _sentences(pieces: list[Piece]) -> list[Piece]:
    return [Piece(line, piece.kind) for piece in pieces for line in piece.text.splitlines(keepends=True)]


def block(piece: Piece, opened: bool = True) -> str:
    """One piece as HTML whose text is Markdown: a coloured, collapsible segment."""
    name = KIND_NAMES[piece.kind] if piece.kind else "Reasoning"
    states = {"kept": "", "removed": ", removed", "added": ", added"}
    note = f"{name}{states[piece.state]} &#183; {len(piece.text):,} characters"
    classes = f"w-seg w-{piece.kind or 'plain'} w-{piece.state}"
    # the span keeps Markdown from reading a list or code into the first line
    text = f'<span class="w-text">{to_markdown(piece.text.strip(chr(10)))}</span>'
    return (
        f'<details class="{classes}"{" open" if opened else ""}><summary>{note}</summary>\n\n{text}\n\n</details>\n\n'
    )


def batches(pieces: Sequence[Piece], closed: Collection[str] = ()) -> Iterator[str]:
    """The pieces' HTML in elements of bounded size."""
    parts, size = [], 0
    for piece in pieces:
        parts.append(block(piece, (piece.kind or "plain") not in closed))
        size += len(piece.text)
        if size > BATCH:
            yield "".join(parts)
            parts, size = [], 0
    if parts:
        yield "".join(parts)


def head(pieces: Sequence[Piece], limit: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces that fit into a number of characters, and the rest; a piece that is too long is cut in two."""
    shown: list[Piece] = []
    for index, piece in enumerate(pieces):
        if index == MOST:
            return shown, list(pieces[index:])
        room = min(limit, LONGEST)
        if len(piece.text) > room:
            first, rest = piece._replace(text=piece.text[:room]), piece._replace(text=piece.text[room:])
            return [*shown, first] if room else shown, [rest, *pieces[index + 1 :]]
        shown.append(piece)
        limit -= len(piece.text)
    return shown, []


def plain(pieces: Sequence[Piece]) -> str:
    """Pieces as light HTML without formulas; neighbours of a kind share an element, so that few are laid out."""
    groups = [(look, "".join(p.text for p in group)) for look, group in groupby(pieces, lambda p: (p.kind, p.state))]
    if len(groups) > LIGHT:
        groups = [((None, "kept"), "".join(piece.text for piece in pieces))]
    rows = (
        f'<div class="w-seg w-{kind or "plain"} w-{state}"><div class="w-text">'
        f"{html.escape(visible(text.strip(chr(10))))}</div></div>"
        for (kind, state), text in groups
    )
    return "".join(rows)


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


def show_pieces(pieces: Sequence[Piece], key: str, closed: Collection[str] = ()) -> None:
    """Draw pieces, the first part with formulas and the rest on demand."""
    first, rest = head(pieces, SHOWN)
    for part in batches(first, closed):
        st.markdown(part, unsafe_allow_html=True)
    size = sum(len(piece.text) for piece in rest)
    if rest and st.toggle(f"Show rest ({size:,} characters, mathematics as written)", key=f"rest-{key}"):
        st.html(plain(rest))


def show_trace(trace: Trace, key: str, closed: Collection[str] = (), raw: bool = False) -> None:
    """Draw reasoning and answer of one trace, rendered or as written."""
    if raw:
        height: int | Literal["content"] = 560 if len(trace.reasoning) > 2000 else "content"
        st.code(visible(trace.reasoning), language=None, wrap_lines=True, height=height)
        st.code(visible(trace.answer) or "(no answer)", language=None, wrap_lines=True)
        return
    kinds = {segment.kind for segment in trace.segments}
    if kinds:
        st.html(legend(kinds))
    show_pieces(pieces_of(trace), key, closed)
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
        show_pieces(changes(before, child), f"{key}-{index}")
