"""Pieces: a trace cut into what is drawn as one block, and the blocks grouped into chunks of bounded size."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from curation.trace import Kind, Trace

CHUNK = 6_000  # characters of one chunk, so that the first lines appear before the last are laid out
MOST = 40  # pieces of one chunk
BREAKS = ("\n\n", "\n", ". ", " ")


class Piece(NamedTuple):
    """A stretch of reasoning as it is shown; `at` is its segment's number.

    `tags` is trusted HTML after its name, `body` trusted HTML in one line in place of its text.
    """

    text: str
    kind: Kind | None
    state: Literal["kept", "removed", "added"] = "kept"
    at: int | None = None
    tags: str = ""
    body: str = ""


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


def chunks(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces in order, in groups of bounded size; a piece that is too long for one goes on in the next."""
    groups: list[list[Piece]] = []
    size = CHUNK
    for piece in _split(pieces):
        if size + len(piece.text) > CHUNK or len(groups[-1]) == MOST:
            groups.append([])
            size = 0
        groups[-1].append(piece)
        size += len(piece.text)
    return groups


def _split(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        rest = piece
        while len(rest.text) > CHUNK:
            stop = _break(rest.text)
            yield rest._replace(text=rest.text[:stop])
            rest = rest._replace(text=rest.text[stop:], at=None, tags=" (continued)")
        yield rest


def _break(text: str) -> int:
    """Where a long text is cut: after the last paragraph, line, sentence or word that fits."""
    for mark in BREAKS:
        at = text.rfind(mark, CHUNK // 2, CHUNK)
        if at > 0:
            return at + len(mark)
    return CHUNK


def _sentences(pieces: list[Piece]) -> list[Piece]:
    return [Piece(line, piece.kind) for piece in pieces for line in piece.text.splitlines(keepends=True)]
