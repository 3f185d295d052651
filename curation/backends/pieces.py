"""Where tokens end in their text, from how a vocabulary writes them: byte-level, or with a mark for spaces."""

import re
from collections.abc import Sequence
from functools import cache

BYTE = re.compile(r"<0x([0-9A-F]{2})>")
MARK = "▁"  # SentencePiece's space


def stops(text: str, tokens: Sequence[str]) -> list[int] | None:
    """The character behind each token, the one it is part of included; None where the tokens are not the text's."""
    for read in (_byte_level, _marked):
        pieces = [read(token) for token in tokens]
        for wanted in (text, " " + text):  # some vocabularies begin every text with a space
            if b"".join(pieces) == wanted.encode():
                return [max(0, stop - len(wanted) + len(text)) for stop in _ends(wanted, pieces)]
    return None


def _ends(text: str, pieces: Sequence[bytes]) -> list[int]:
    begins = [0] * (len(text.encode()) + 1)  # characters begun before each byte
    place = 0
    for number, character in enumerate(text):
        for _ in character.encode():
            place += 1
            begins[place] = number + 1
    found, place = [], 0
    for piece in pieces:
        place += len(piece)
        found.append(begins[place])
    return found


def _byte_level(token: str) -> bytes:
    """A token of GPT-2's vocabularies and their heirs, where a character stands for a byte."""
    known = _bytes()
    return bytes(known[one] for one in token) if all(one in known for one in token) else token.encode()


def _marked(token: str) -> bytes:
    if found := BYTE.fullmatch(token):
        return bytes([int(found[1], 16)])
    return token.replace(MARK, " ").encode()


@cache
def _bytes() -> dict[str, int]:
    """The bytes by the characters that stand for them: printable ones for themselves, others from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}
