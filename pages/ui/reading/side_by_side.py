"""Two traces of a problem beside each other: segments aligned, and what differs marked word by word."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from curation.trace import Trace
from pages.ui.reading.looks import KIND_NAMES
from pages.ui.reading.maths import visible
from pages.ui.reading.pieces import Piece, pieces_of

ALIKE = 50.0  # ours: per cent of characters two segments share before their words are compared
LARGEST = 160_000  # pairs of segments that are compared; of more, only equal ones are aligned
COMPARED = 2_000  # characters of a segment that decide whether it is like another
WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Row(NamedTuple):
    """Two segments beside each other; `alike` when one is a version of the other."""

    left: Piece | None
    right: Piece | None
    alike: bool


def align(left: Sequence[Piece], right: Sequence[Piece]) -> list[Row]:
    """Both lists in order: equal and similar segments beside each other, the others where they fit."""
    rows: list[Row] = []
    texts = [[piece.text.strip() for piece in side] for side in (left, right)]
    i = j = 0
    for tag, a, b, c, d in [
        *LCSseq.opcodes(*texts).as_list(),
        ("equal", len(left), len(left), len(right), len(right)),
    ]:
        if tag == "equal":
            rows += _similar(left[i:a], right[j:c])
            rows += [Row(x, y, True) for x, y in zip(left[a:b], right[c:d], strict=True)]
            i, j = b, d
    return rows


def _similar(left: Sequence[Piece], right: Sequence[Piece]) -> Iterator[Row]:
    """The alignment with most similar characters, as of two versions of a text."""
    i = j = 0
    for a, b in [*_pairs(left, right), (len(left), len(right))]:
        yield from (Row(x, y, False) for x, y in zip_longest(left[i:a], right[j:b]))
        if a < len(left):
            yield Row(left[a], right[b], True)
        i, j = a + 1, b + 1


def _pairs(left: Sequence[Piece], right: Sequence[Piece]) -> list[tuple[int, int]]:
    if not left or not right or len(left) * len(right) > LARGEST:
        return []
    texts = [[piece.text.strip()[:COMPARED] for piece in side] for side in (left, right)]
    like = process.cdist(*texts, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.float32)
    best = np.zeros((len(left) + 1, len(right) + 1), np.float32)
    for a in range(len(left) - 1, -1, -1):
        # what is best without this left segment, or with it beside one right segment
        taken = np.where(like[a] > 0, like[a] + best[a + 1, 1:], 0)
        best[a, :-1] = np.maximum.accumulate(np.maximum(taken, best[a + 1, :-1])[::-1])[::-1]
    pairs, a, b = [], 0, 0
    while a < len(left) and b < len(right) and best[a, b] > 0:
        if like[a, b] > 0 and np.isclose(best[a, b], like[a, b] + best[a + 1, b + 1]):
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a, b] == best[a, b + 1]:
            b += 1
        else:
            a += 1
    return pairs


def words(left: str, right: str) -> tuple[str, str]:
    """Both texts as HTML, the words that only one of them has marked."""
    a, b = WORDS.findall(visible(left)), WORDS.findall(visible(right))
    out: tuple[list[str], list[str]] = ([], [])
    for tag, start, stop, first, last in LCSseq.opcodes(a, b).as_list():
        for side, name, text in ((0, "del", "".join(a[start:stop])), (1, "ins", "".join(b[first:last]))):
            if text:
                escaped = html.escape(text)
                out[side].append(escaped if tag == "equal" else f"<{name}>{escaped}</{name}>")
    return "".join(out[0]), "".join(out[1])


def table(left: Trace, right: Trace) -> str:
    """Both traces as one table of two columns, answers last."""
    rows = align(pieces_of(left), pieces_of(right))
    answers = Row(Piece(left.answer, None), Piece(right.answer, None), True)
    cells = [_row(row) for row in rows]
    return f'<div class="w-pairs">{"".join(cells)}{_row(answers, "Final answer")}</div>'


def _row(row: Row, name: str = "") -> str:
    if row.left and row.right and row.alike:
        texts: tuple[str | None, str | None] = words(row.left.text.strip("\n"), row.right.text.strip("\n"))
    else:
        texts = _escaped(row.left), _escaped(row.right)
    return "".join(_cell(piece, text, name) for piece, text in zip((row.left, row.right), texts, strict=True))


def _escaped(piece: Piece | None) -> str | None:
    return None if piece is None else html.escape(visible(piece.text.strip("\n")))


def _cell(piece: Piece | None, text: str | None, name: str) -> str:
    if piece is None or text is None:
        return '<div class="w-none">nothing here</div>'
    title = name or (KIND_NAMES[piece.kind] if piece.kind else "Reasoning")
    head = f'<div class="w-note">{title} &#183; {len(piece.text):,} characters</div>'
    return f'<div class="w-seg w-{piece.kind or "plain"}">{head}<div class="w-text">{text}</div></div>'
