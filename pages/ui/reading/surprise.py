"""How much each token of a reasoning surprised a model: shaded text, its legend, the value under the mouse."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import fmean

import streamlit as st

from curation.models import TokenScore
from pages.ui.reading.maths import inline, literal, visible
from pages.ui.reading.pieces import Piece, chunks

Span = tuple[int, int, float]
LEVELS = (1.0, 2.0, 4.0, 7.0)  # ours, in nats: the model gave the token less than 37 %, 14 %, 2 %, 0.1 %


def choose(names: Sequence[str]) -> str | None:
    """The score whose surprise is drawn; nothing to choose where no model scored the trace."""
    if not names:
        return None
    return st.segmented_control(
        "Shade by surprise", names, key="surprise", persist_state="session", label_visibility="collapsed",
        format_func=lambda name: inline(f"Surprise of {name}"),
    )  # fmt: skip


def show_legend(tokens: Sequence[TokenScore], length: int) -> None:
    """What the shades mean, and how much of the reasoning was scored."""
    st.html(legend())
    if tokens and tokens[-1].stop < length:
        st.caption(f"Scored up to character {tokens[-1].stop:,} of {length:,}")


def legend() -> str:
    """The shades with their values."""
    names = [f"{low:g} to {high:g} nats" for low, high in pairwise(LEVELS)] + [f"over {LEVELS[-1]:g} nats"]
    items = (f'<span><i class="w-s{number}"></i>{name}</span>' for number, name in enumerate(names, 1))
    return f'<div class="w-legend" role="list" aria-label="Surprise of a token">{"".join(items)}</div>'


def shaded(pieces: Sequence[Piece], tokens: Sequence[TokenScore]) -> list[Piece]:
    """The pieces of a whole reasoning, each token shaded by its surprise, the mean beside the name of each piece."""
    places = summed(tokens)
    stops = [token.stop for token in places]
    position, out = 0, []
    for piece in (piece for group in chunks(pieces) for piece in group):
        start, position = position, position + len(piece.text)
        first, last = bisect_right(stops, start), bisect_right(stops, position)
        inside = places[first:last]
        mean = (
            f'<span class="w-tag">{fmean(-one.log_prob for one in inside):.2f} nats a token</span>' if inside else ""
        )
        body = _body(piece.text, start, places[first : last + 1])
        out.append(piece._replace(body=body, tags=piece.tags + mean))
    return out


def summed(tokens: Sequence[TokenScore]) -> list[TokenScore]:
    """Tokens that end at the same character, being parts of it, as one."""
    found: list[TokenScore] = []
    for token in tokens:
        if found and found[-1].stop == token.stop:
            found[-1] = TokenScore(token.stop, found[-1].log_prob + token.log_prob)
        else:
            found.append(token)
    return found


def _body(text: str, start: int, tokens: Sequence[TokenScore]) -> str:
    """Text in one line of which nothing can be interpreted, its surprising tokens marked."""
    first, last = len(text) - len(text.lstrip("\n")), len(text.rstrip("\n"))
    parts = []
    for level, group in groupby(_spans(start, len(text), tokens), lambda span: bisect_right(LEVELS, span[2])):
        spans = list(group)
        for low, high, surprise in spans if level else [(spans[0][0], spans[-1][1], 0.0)]:
            shown = literal(visible(text[max(low, first) : min(high, last)]))
            marked = f'<mark class="w-s{level}" title="{surprise:.2f} nats">{shown}</mark>'
            parts.append(marked if level and shown else shown)
    return "".join(parts)


def _spans(start: int, length: int, tokens: Sequence[TokenScore]) -> Iterator[Span]:
    """Where each token begins and ends in a piece, and its surprise; what no token covers has none."""
    position = 0
    for token in tokens:
        stop = min(token.stop - start, length)
        yield position, stop, -token.log_prob
        position = stop
        if stop == length:
            return
    yield position, length, 0.0
