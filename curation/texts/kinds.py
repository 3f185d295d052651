"""Kinds of characters, a byte for each: runs are counted and found in bytes many times as fast as by a pattern."""

import re
from functools import lru_cache

BEYOND = re.compile(r"[^\x00-\xff]+")
# of each kind that the patterns of tokens and words tell apart the Latin-1 character that stands for all others
STANDS_FOR = {"a": re.compile("[Ā-ɏ]"), "0": re.compile(r"\d"), "ª": re.compile(r"\w"),
              " ": re.compile(r"\s")}  # fmt: skip


def latin(text: str) -> bytes:
    """A byte for each character; what Latin-1 lacks is replaced by a letter, digit, space or symbol it has."""
    if not text.isascii():
        text = BEYOND.sub(lambda match: "".join(map(_stand_in, match.group())), text)
    return text.encode("latin-1")


@lru_cache(10_000)
def _stand_in(char: str) -> str:
    return next((kind for kind, pattern in STANDS_FOR.items() if pattern.match(char)), ".")


def table(kinds: dict[str, str]) -> bytes:
    """What bytes.translate needs to name Latin-1 characters by the first pattern that matches; others are a space."""
    found = [
        next((kind for kind, pattern in kinds.items() if re.match(pattern, chr(code))), " ") for code in range(256)
    ]
    return "".join(found).encode()
