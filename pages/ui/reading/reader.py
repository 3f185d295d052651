"""The text of a trace, however long: all there at once as light HTML, its mathematics rendered as it comes into view.

A trace is drawn as chunks of a few thousand characters. The first ones are rendered; the others are escaped text that
the browser does not lay out before it is near. A component without anything to see reports which chunks are near, and
the fragment draws those anew with their formulas.
"""

import html
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from pages.ui.reading.looks import KIND_NAMES
from pages.ui.reading.maths import to_markdown, visible
from pages.ui.reading.pieces import Piece, chunks

FIRST = 3  # chunks rendered at once: below a second in the browser, formulas included
PART = 120  # chunks on one page: 200,000 tokens of prose, or 4,800 segments however short
RAW = 60_000  # characters that a box with a copy button shows quickly
JS = """
let told = 0, held = null;
const near = (root, report) => {
  const seen = new Map();
  let timer = 0;
  // told again while they are still light: a report may be lost when the whole page is drawn anew
  const tell = (again) => {
    const light = [...seen].filter(([one]) => one.isConnected).map(([, number]) => number);
    if (light.length) report({ chunks: light.sort((a, b) => a - b), told: ++told });
    if (light.length && again) timer = setTimeout(tell, 1500, again - 1);
  };
  const watch = new IntersectionObserver((entries) => {
    for (const one of entries) {
      if (one.isIntersecting) seen.set(one.target, Number(one.target.dataset.chunk)); else seen.delete(one.target);
    }
    clearTimeout(timer);
    timer = setTimeout(tell, 120, 5);
  }, { root, rootMargin: "900px 0px" });
  return { watch, stop: () => { watch.disconnect(); clearTimeout(timer); } };
};
const find = (scope, at) => [...document.querySelectorAll(`.w-of-${scope} [data-at]`)]
  .findLast((one) => Number(one.dataset.at) <= at);
const jump = (scope, at, exact) => {
  const found = find(scope, at);
  if (!found || (exact && Number(found.dataset.at) !== at)) return false;
  found.open = true;
  found.scrollIntoView({ block: "start" });
  found.classList.add("w-found");
  setTimeout(() => found.classList.remove("w-found"), 1600);
  held = { scope, at: Number(found.dataset.at), until: performance.now() + 4000 };
  setTimeout(hold, 100);
  return true;
};
// the segment somebody jumped to stays in its place while formulas around it change their height
const hold = () => {
  if (!held || performance.now() > held.until) return;
  find(held.scope, held.at)?.scrollIntoView({ block: "start" });
  setTimeout(hold, 100);
};
const release = () => { held = null; };
for (const name of ["wheel", "pointerdown", "keydown", "touchstart"]) {
  document.addEventListener(name, release, { passive: true, capture: true });
}
let done = 0;
export default function ({ data, setStateValue, setTriggerValue }) {
  const root = document.querySelector('[data-testid="stMain"]');
  const { watch, stop } = near(root, (seen) => setStateValue("near", seen));
  const look = () => {
    document.querySelectorAll(`.w-of-${data.scope}.w-light`).forEach((one) => watch.observe(one));
    document.querySelector(`.w-map[data-scope="${data.scope}"]`)?.classList.add("w-live");
  };
  const changed = () => {
    look();
    if (data.turn > done && jump(data.scope, data.jump, true)) done = data.turn;
  };
  let drawing = 0;
  const drawn = new MutationObserver(() => {
    drawing ||= requestAnimationFrame(() => { drawing = 0; changed(); });
  });
  if (root) drawn.observe(root, { childList: true, subtree: true });
  changed();
  const click = (event) => {
    const link = event.target.closest?.("[data-go]");
    if (!link || link.closest("[data-scope]")?.dataset.scope !== data.scope) return;
    event.preventDefault();
    const at = Number(link.dataset.go);
    if (at < data.first || at > data.last || !jump(data.scope, at)) setTriggerValue("go", at);
  };
  const scroll = () => {
    const here = document.querySelector(`.w-map[data-scope="${data.scope}"] s`);
    const top = (document.querySelector(".st-key-reader-head")?.getBoundingClientRect().bottom ?? 0) + 8;
    const shown = [...document.querySelectorAll(`.w-of-${data.scope}.w-chunk`)];
    const chunk = shown.findLast((one) => one.getBoundingClientRect().top <= top) ?? shown[0];
    const inside = chunk ? [...chunk.querySelectorAll("[data-at]")] : [];
    const first = inside.findLast((one) => one.getBoundingClientRect().top <= top) ?? inside[0];
    const cells = here ? [...here.parentElement.querySelectorAll("[data-go]")] : [];
    const cell = first && cells.findLast((one) => Number(one.dataset.go) <= Number(first.dataset.at));
    if (cell) here.style.left = `${cell.offsetLeft}px`;
  };
  let waiting = 0;
  const scrolled = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; scroll(); }); };
  document.addEventListener("click", click);
  root?.addEventListener("scroll", scrolled, { passive: true });
  return () => {
    stop();
    drawn.disconnect();
    cancelAnimationFrame(drawing);
    document.removeEventListener("click", click);
    root?.removeEventListener("scroll", scrolled);
  };
}
"""
_mount = st.components.v2.component("winnow_reader", js=JS)


class Turn(NamedTuple):
    """The reader's turns are numbered, so that each is followed once: to a part, and there to a segment."""

    number: int
    part: int
    at: int


def block(piece: Piece, opened: bool = True, light: bool = False) -> str:
    """One piece as HTML, a coloured, collapsible segment: its text is Markdown, or escaped where light."""
    name = KIND_NAMES[piece.kind] if piece.kind else "Reasoning"
    states = {"kept": "", "removed": ", removed", "added": ", added"}
    number = "" if piece.at is None else f"{piece.at + 1}&#8194;"
    note = f"{number}{name}{states[piece.state]} &#183; {len(piece.text):,} characters{piece.tags}"
    classes = f"w-seg w-{piece.kind or 'plain'} w-{piece.state}"
    place = "" if piece.at is None else f' data-at="{piece.at}"'
    text = piece.text.strip("\n")
    # the span keeps Markdown from reading a list or code into the first line
    body = (
        f'<div class="w-text">{html.escape(visible(text))}</div>'
        if light
        else f'\n\n<span class="w-text">{to_markdown(text)}</span>\n\n'
    )
    body = f'<div class="w-text">{piece.body}</div>' if piece.body else body
    end = "</details>" if light else "</details>\n\n"
    return f'<details class="{classes}"{place}{" open" if opened else ""}><summary>{note}</summary>{body}{end}'


def chunk(pieces: Sequence[Piece], number: int, scope: str, closed: Collection[str] = (), light: bool = False) -> str:
    """Pieces as one element that the browser lays out when it is near."""
    inside = "".join(block(piece, (piece.kind or "plain") not in closed, light) for piece in pieces)
    classes = f"w-chunk w-of-{scope}{' w-light' if light else ''}"
    gap = "" if light else "\n\n"
    place = f'data-scope="{scope}" data-chunk="{number}" style="{_height(pieces)}"'
    return f'<div class="{classes}" {place}>{gap}{inside}</div>'


def _height(pieces: Sequence[Piece]) -> str:
    """A guess of the height, so that the scroll bar is about right: 95 characters a line, a head for each piece."""
    lines = sum(len(piece.text) / 95 + piece.text.count("\n") / 2 for piece in pieces)
    return f"contain-intrinsic-size:auto {round(21 * lines + 28 * len(pieces))}px"


def scope_of(key: str) -> str:
    """The name of a reader in class names."""
    return "".join(c for c in key if c.isalnum() or c == "-")


def show(pieces: Sequence[Piece], key: str, closed: Collection[str] = ()) -> None:
    """Draw pieces, formulas as they come into view; a very long trace in parts."""
    groups = chunks(pieces)
    if len(groups) <= FIRST and all(piece.at is None for piece in pieces):
        for number, group in enumerate(groups):
            st.markdown(chunk(group, number, scope_of(key), closed), unsafe_allow_html=True)
    else:
        _follow(groups, key, tuple(closed))


@st.fragment
def _follow(groups: list[list[Piece]], key: str, closed: tuple[str, ...]) -> None:
    """One part of the trace; the chunks near the view are drawn with their formulas."""
    count, turn = -(-len(groups) // PART), turned(key)
    part = min(st.session_state.get(f"part-{key}-{turn.number}") or turn.part, count)
    if count > 1:
        st.caption(f"A very long trace, in {count} parts")
        st.pagination(count, default=part, key=f"part-{key}-{turn.number}")
    shown = groups[(part - 1) * PART : part * PART]
    rendered = set(st.session_state.setdefault(f"rendered-{key}-{part}", set(range(FIRST))))
    _watch(groups, shown, key, part, rendered)
    for number, group in enumerate(shown):
        if number in rendered:
            st.markdown(chunk(group, number, scope_of(key), closed), unsafe_allow_html=True)
        else:
            st.html(chunk(group, number, scope_of(key), closed, light=True))


def _watch(groups: list[list[Piece]], shown: list[list[Piece]], key: str, part: int, rendered: set[int]) -> None:
    """Mount the component that reports what is near, and follows links to segments."""
    places = [piece.at for group in shown for piece in group if piece.at is not None]
    name, turn = f"view-{key}-{part}", turned(key)
    data = {"scope": scope_of(key), "first": min(places, default=0), "last": max(places, default=0), "jump": turn.at,
            "turn": turn.number, "rendered": len(rendered)}  # fmt: skip
    with st.container(key=f"w-view-{scope_of(key)}-{part}"):
        _mount(key=name, data=data, on_near_change=partial(_seen, name, f"rendered-{key}-{part}"),
               on_go_change=partial(_turn, name, groups, key))  # fmt: skip


def _seen(name: str, kept: str) -> None:
    """Remember the chunks that are near as rendered."""
    report: Any = st.session_state[name].near
    st.session_state[kept] = st.session_state[kept] | {int(number) for number in (report or {}).get("chunks", ())}


def _turn(name: str, groups: list[list[Piece]], key: str) -> None:
    """Open the part that holds the segment somebody clicked."""
    at: Any = st.session_state[name].go
    ahead = [n for n, group in enumerate(groups) if any(p.at is not None and p.at <= at for p in group)]
    number = st.session_state["reader-turns"] = st.session_state.get("reader-turns", 0) + 1
    st.session_state[f"turn-{key}"] = Turn(number, (ahead[-1] if ahead else 0) // PART + 1, at)


def turned(key: str) -> Turn:
    """Where a reader was last sent."""
    return st.session_state.get(f"turn-{key}") or Turn(0, 1, 0)


def show_raw(text: str, key: str) -> None:
    """The text as written, marks nobody can see written out."""
    if len(text) <= RAW:
        height: Any = 560 if len(text) > 2000 else "content"
        st.code(visible(text), language=None, wrap_lines=True, height=height)
        return
    for number, group in enumerate(chunks([Piece(text, None)])):
        escaped = html.escape(visible(group[0].text))
        st.html(f'<div class="w-chunk w-raw" data-chunk="{number}" style="{_height(group)}">{escaped}</div>')
