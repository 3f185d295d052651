r"""Equations of plain arithmetic that a text states, and whether they hold: "6 + 18 = 34" does not.

A claim is called wrong only where no reading makes it right: rounding, percentages and a dash before a sum are read in
the text's favour, and whatever holds a variable, a unit or a remainder is no claim.
"""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from curation.texts.arithmetic import value

LONGEST = 120  # ours: characters of one side
ROUNDED = 0.01  # ours: relative error allowed where decimals or a division are in play
PLAIN = (
    (re.compile(r"(?m)^[ \t>#]*(?:[-*+•]|\(?\d{1,3}[.)]|step \d+[.:])[ \t]+", re.IGNORECASE), ""),
    (re.compile(r"<<[^<>\n]*>>"), ""),  # GSM8K's calculator marks say the sum a second time
    (re.compile(r"\\(?:boxed|text|mathrm|mathbf)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))|\\[,;!]|\\?\$|\\[()\[\]]|\\(?:left|right)(?![a-z])"), ""),
    (re.compile(r"\*\*(?![\d(])|(?<![\d)])\*\*"), ""),
    (re.compile(r"\\(?:times|cdot)(?![a-z])|[×·⋅]|(?<=\d) [xX] (?=\d)"), "*"),
    (re.compile(r"\\div(?![a-z])|÷"), "/"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\[dt]frac"), r"\\frac"),
    (re.compile(r"(?<=[\d)])(?=\()"), "*"),
    (re.compile(r"[!<>:≠=]=|=[=>]|[≈≡]|\\(?:approx|neq|equiv)"), "\n"),
)
SIDE = r"(?:\d+(?:\.\d+)?(?:\\?%)?|\.\d+|[-+*/^(){} ]|\\frac|\\sqrt)+"
LEFT, RIGHT = re.compile(SIDE + r"\Z"), re.compile(SIDE)
OPERATION = re.compile(r"[\d)}%] *[-+*/^] *[-\d({.\\]|\\frac|\\sqrt")
# what may stand before a sum: a mark, or a word that is no function
BEFORE = re.compile(
    r"(?:[;!?\"'“”`>\]，。；：（、]|[,.:](?= )|[㐀-鿿]|"
    r"\b(?!(?:of|mod|log|ln|sin|cos|tan|exp|gcd|lcm|max|min|root|by|times|plus|minus|over)\b)"
    r"(?<!\\)[A-Za-z’']{2,}(?= )|\b[aAI](?= )) *\Z"
)
# what may stand behind its value: the end, a mark, or a word that does not go on with the sum
AFTER = re.compile(
    r" *(?:\Z|[;\"'”`\]<、，。；：）㐀-鿿]|[,.:](?!\d)|"
    r"(?!(?:mod|rem|remainder|r|with|or|divided|times|plus|minus|over|of|percent)\b)(?<![\d)])(?:[A-Za-z]{2,}|a )|\()"
)
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\\?%")
DECIMAL = re.compile(r"-?\d*\.(\d+)(?:\\?%)?")
REMARK = re.compile(r"(?<=[\d)%]) +(?=\()")  # 0.06 (6%)
FRACTION = re.compile(r"(?<![\d.])\d+/\d+(?![\d.])")
MODULUS = re.compile(r" *\(? *(?:\\p?mod|mod|base|remainder)")


class Claim(NamedTuple):
    """An equation as the text states it, and whether its sides agree."""

    text: str
    holds: bool


def claims(text: str) -> list[Claim]:
    """The equations of plain arithmetic in a text, in order; a = b = c makes two."""
    if "=" not in text:
        return []
    for pattern, plain in PLAIN:
        text = pattern.sub(plain, text)
    return [claim for line in text.split("\n") if "=" in line for claim in _chain(line.split("="))]


def _chain(parts: list[str]) -> Iterator[Claim]:
    for place, (before, after) in enumerate(pairwise(parts)):
        left, right = _left(before), _right(after)
        if left is None or right is None:
            continue
        # the 2 of "behind door 2 = 1/3" is no sum; the 5 of "x = 5 = 2 + 3" is a link of the chain
        link = place > 0 and left == before.strip() and OPERATION.search(right)
        claim = _claim(left, right) if OPERATION.search(left) or link else None
        if claim:
            yield claim


def _claim(left: str, right: str) -> Claim | None:
    values = [(value(a), value(b)) for a in _readings(left) for b in _readings(right)]
    known = [(a, b) for a, b in values if a is not None and b is not None]
    if not known:
        return None
    error = _rounding(left, right)
    return Claim(f"{left} = {right}", any(_agree(a, b, error) for a, b in known))


def _left(part: str) -> str | None:
    tail = part[-LONGEST:]
    found = LEFT.search(tail)
    if not found or (found.start() == 0 and len(part) > LONGEST):
        return None
    side = found.group()
    opened = _unmatched(side[::-1], ")", "(")
    if opened is not None:
        return _whole(side[len(side) - opened :])
    head = tail[: found.start()] + side[: len(side) - len(side.lstrip())]
    if not head.strip():
        return _whole(side)
    # "pencils - 45" takes away, it does not begin with -45
    taken = side.lstrip().startswith("-") and head.rstrip()[-1].isalnum()
    return _whole(side) if BEFORE.search(head) and not taken else None


def _right(part: str) -> str | None:
    found = RIGHT.match(part[:LONGEST])
    if not found:
        return None
    remark = REMARK.search(found.group())
    side = found.group()[: remark.start()] if remark else found.group()
    rest = part[len(side) : LONGEST]
    closed = _unmatched(side, "(", ")")
    if closed is not None:
        return _whole(side[:closed])
    spaced = " " + rest if side.endswith(" ") else rest
    return _whole(side) if AFTER.match(spaced) and not MODULUS.match(spaced) else None


def _unmatched(side: str, opening: str, closing: str) -> int | None:
    depth = 0
    for place, sign in enumerate(side):
        depth += (sign == opening) - (sign == closing)
        if depth < 0:
            return place
    return None


def _whole(side: str) -> str | None:
    side = side.strip()
    fits = any(sign.isdigit() for sign in side) and side[0] not in "+*/^" and side[-1] not in "-+*/^({"
    return side if fits else None


def _readings(side: str) -> list[str]:
    sides = [side, side.lstrip("- "), FRACTION.sub(r"(\g<0>)", side)]  # 25 / 1/3 divides by a third
    return list(dict.fromkeys(PERCENT.sub(meant, one) for one in sides for meant in (r"(\1/100)", r"\1")))


def _rounding(left: str, right: str) -> float | None:
    """The last decimal of a side that is one number; None where both sides are exact."""
    if not any(mark in left + right for mark in (".", "/", "frac", "sqrt", "%")):
        return None
    decimals = [len(found.group(1)) for side in (left, right) if (found := DECIMAL.fullmatch(side))]
    return 10.0 ** -min(decimals, default=9)


def _agree(left: float, right: float, error: float | None) -> bool:
    if math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9):
        return True
    if error is None:
        return False
    whole = right.is_integer() and right in (math.floor(left), round(left))
    return whole or math.isclose(left, right, rel_tol=ROUNDED, abs_tol=error)
