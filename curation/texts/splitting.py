"""Split a reasoning into paragraphs and pieces that tile it: separators stay with the piece before.

Every pattern starts at a character that is tried once, so a megabyte without any separator takes linear time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import Literal

Splitter = Literal["blank_line", "sentence", "newline"]
Span = tuple[int, int]

BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")
NEWLINE = re.compile(r"\n\s*")
# it names the first character apart, since re then skips to it, and only then asks which one it was
BREAK = re.compile(r"[.!?…。！？\n](?:(?<=[.!?…])[\"'”’)\]*_`]{0,8}\s+|(?<=[。！？])[”’」』)]{0,4}\s*|(?<=\n)\s*)")
MARKS = {"`": "```", "$": r"\$\$", "\\": r"\\[\[\]()]"}  # by their first character
CLOSING = {"```": "```", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}
INLINE_MATH = re.compile(r"\$(?=[^\s$])[^$\n]{0,200}(?<=\S)\$(?!\d)")
LONGEST_FORMULA = 4000  # ours: characters; a mark left open longer is a stray mark
ABBREVIATIONS = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "e.g", "i.e", "cf", "al", "approx", "resp", "inc", "u.s"]
)
BEFORE_NUMBER = frozenset(["no", "nos", "fig", "figs", "eq", "eqs", "ch", "sec", "vol", "p", "pp"])
LIST_MARK = re.compile(r"(?:^|\n|[.!?] +|\b(?:step|case|part|option|method) +)[ \t>*#(-]*\d{1,3}$", re.IGNORECASE)


def paragraphs(text: str, splitter: Splitter, sentences_over: int = 0) -> list[list[Span]]:
    """Pieces by paragraph; together they tile the text. Only `sentence` gives a paragraph several pieces."""
    shut = protected(text)
    separator = NEWLINE if splitter == "newline" else BLANK_LINE
    ends = (m.end() for m in separator.finditer(text) if not shut or not _inside(m.start(), shut))
    found = list(_spans(0, len(text), ends, text))
    if splitter != "sentence":
        return [[span] for span in found]
    return [sentences(text, span, shut) if span[1] - span[0] > sentences_over else [span] for span in found]


def sentences(text: str, span: Span, shut: list[Span]) -> list[Span]:
    """The sentences of one span of the text; formulas and code fences stay whole."""
    return list(each_sentence(text, span, shut))


def each_sentence(text: str, span: Span, shut: list[Span]) -> Iterator[Span]:
    """As `sentences`, one at a time: what is not asked for is not searched."""
    start, stop = span
    for match in BREAK.finditer(text, start, stop):
        end = match.end()
        if end < stop and _ends_sentence(text, match, shut) and not text[start:end].isspace():
            yield start, end
            start = end
    if start < stop:
        yield start, stop


def protected(text: str) -> list[Span]:
    """Code fences and formulas, sorted and apart: no piece ends inside one."""
    spans: list[Span] = []
    opened, since = "", 0
    found = "".join(mark for mark in MARKS if mark in text)
    for match in _marks(found).finditer(text) if found else ():
        mark = match.group()
        if opened and mark == CLOSING[opened] and (opened == "```" or match.end() - since <= LONGEST_FORMULA):
            spans.append((since, match.end()))
            opened = ""
        elif mark in CLOSING and opened != "```":
            opened, since = mark, match.start()
    if "$" in text:
        blocks = [0, *(edge for span in spans for edge in span), len(text)]
        for start, stop in zip(blocks[::2], blocks[1::2], strict=True):
            spans.extend(match.span() for match in INLINE_MATH.finditer(text, start, stop))
        spans.sort()
    return spans


@cache
def _marks(first: str) -> re.Pattern[str]:
    """Marks that begin with these characters: re skips to a single one four times as fast as to one of several."""
    return re.compile("|".join(MARKS[mark] for mark in first))


def _spans(start: int, stop: int, ends: Iterator[int], text: str) -> Iterator[Span]:
    for end in ends:
        # a piece of white space alone would be no piece: it joins what follows
        if start < end < stop and not text[start:end].isspace():
            yield start, end
            start = end
    if start < stop:
        yield start, stop


def _inside(position: int, shut: list[Span]) -> bool:
    index = bisect_right(shut, (position, 1 << 62)) - 1
    return index >= 0 and position < shut[index][1] - 1


def _ends_sentence(text: str, match: re.Match[str], shut: list[Span]) -> bool:
    at, end = match.span()
    if shut and (_inside(at, shut) or (end < len(text) and _inside(end - 1, shut))):
        return False
    following = text[end : end + 1]
    mark, broken = text[at], "\n" in match.group()
    if mark == "\n":
        return not following.islower()
    if mark != ".":
        return not following.islower() or broken
    if following.islower() and not broken:
        return False
    before = text[:at] if at <= 24 else "x" + text[at - 24 : at]
    words = before.rsplit(None, 1)
    word = words[-1].lstrip("([\"'").lower() if words else ""
    if word in ABBREVIATIONS or (word in BEFORE_NUMBER and following.isdigit()):
        return False
    return not (word.isdigit() and LIST_MARK.search(before))
