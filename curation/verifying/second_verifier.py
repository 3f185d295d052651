r"""A second opinion on whether two answers are the same, independent of `answers` and of math-verify.

It normalises in its own way, compares numbers exactly, expressions by their values at fixed points, equations up to a
factor, lists and intervals part by part, and says None where it cannot decide.
"""

import cmath
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

from curation.verifying.algebra import Expression, Unreadable, Value
from curation.verifying.notation import clean, number, rounded

UNIT = re.compile(r"(?<=[\d)}.])\s*((?!(?:pi|sqrt|and|or|sin|cos|tan|log|ln)\b)[A-Za-z]{2,}[A-Za-z ./^0-9]*)$")
LETTER = re.compile(r"\(?([A-Ja-j])\)?(?:[.:)]\s.*|[.:)])?$", re.DOTALL)
DEFINED = re.compile(r"^[A-Za-z](?:_\w|\([a-z]\))?\s*(?:=|\\in\b)\s*(?=[^=]+$)")
RELATION = re.compile(r"\\le(?![a-z])|\\ge(?![a-z])|<=|>=|[<>=]")
OPTION = re.compile(r"^\(?[A-J][).:]\s+(?=\S)")
MATHEMATICAL = re.compile(r"[\d\\^_=+*/|<>{}]")
ARTICLES = ("a", "an", "the")
UNION = re.compile(r"\\cup(?![a-z])")
SEPARATOR = re.compile(r",(?!\d{3}(?!\d))|,(?=\s)|;|\s(?:and|or)\s")
POINTS = [Fraction(7, 5), Fraction(29, 11), Fraction(-5, 3), Fraction(13, 4), Fraction(3, 7)]  # ours
LONGEST = 500  # ours: characters


@lru_cache(maxsize=50_000)
def same(found: str, reference: str) -> bool | None:
    """Whether both are the same answer; None where that cannot be decided here."""
    left, right = clean(found), clean(reference)
    if re.fullmatch(r"\(?[A-Ja-j]\)?[.:]?", right):
        return _same_letter(left, right)
    if bool(OPTION.match(left)) != bool(OPTION.match(right)):  # "B) Paris" is asked for as Paris
        left, right = OPTION.sub("", left), OPTION.sub("", right)
    if left.casefold() == right.casefold() and (left == right or (len(left) > 1 and not MATHEMATICAL.search(left))):
        return True if left else None
    return _same(left, right) if max(len(left), len(right)) <= LONGEST else None


def _same_letter(left: str, right: str) -> bool | None:
    found, wanted = LETTER.match(left), LETTER.match(right)
    return found.group(1).upper() == wanted.group(1).upper() if found and wanted else None


def _same(left: str, right: str) -> bool | None:
    left, right = _undefined(left, right), _undefined(right, left)
    if number(left) is not None and number(right) is not None:
        return _same_number(left, right)
    if UNION.search(left + right):
        return _same_set(UNION.split(left), UNION.split(right))
    first, second = _bracketed(left), _bracketed(right)
    if first and second:
        return _same_brackets(first, second)
    parts, others = ([each for part in _split(side) for each in _signs(part)] for side in (left, right))
    if first or second:
        return _same_beside(first, others) if first else second and _same_beside(second, parts)
    if len(parts) > 1 or len(others) > 1:
        return _same_set(parts, others)
    return _same_single(left, right)


def _undefined(text: str, other: str) -> str:
    """The text without the name it defines, such as `x =`, unless the other side is such a definition as well."""
    kept = "=" in other and "\\in" not in text
    return text if kept else DEFINED.sub("", text)


def _same_number(left: str, right: str) -> bool:
    first, second = number(left), number(right)
    assert first is not None
    assert second is not None
    if "%" in left + right and not ("%" in left and "%" in right):  # 50% is written for 50 and for 0.5
        return first == second or min(first, second) * 100 == max(first, second)
    return first == second or rounded(left, second) or rounded(right, first)


def _bracketed(text: str) -> tuple[str, str, str] | None:
    """Opening bracket, inside and closing bracket of a text that is one bracket with a list in it."""
    text = text.replace("\\{", "{").replace("\\}", "}")
    if text[:1] not in ("(", "[", "{") or text[-1:] not in (")", "]", "}"):
        return None
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and place < len(text) - 1:
            return None
    inside = text[1:-1]
    return (text[0], inside, text[-1]) if len(_split(inside)) > 1 or text[0] == "{" else None


def _same_brackets(first: tuple[str, str, str], second: tuple[str, str, str]) -> bool | None:
    parts, others = _split(first[1]), _split(second[1])
    if first[0] == "{" or second[0] == "{":
        return _same_set(parts, others)
    inside = _all([_same(*pair) for pair in zip(parts, others, strict=True)]) if len(parts) == len(others) else False
    return inside if (first[0], first[2]) == (second[0], second[2]) else False


def _same_beside(bracket: tuple[str, str, str], parts: list[str]) -> bool | None:
    """A set may be written without its brackets; a pair or an interval is no single number."""
    inside = _split(bracket[1])
    if bracket[0] == "{":
        return _same_set(inside, parts) or None
    if len(parts) > 1:
        return (len(parts) == len(inside) and _all([_same(*pair) for pair in zip(inside, parts, strict=True)])) or None
    return False if all(map(_readable, (*inside, *parts))) else None


def _split(text: str) -> list[str]:
    """The parts of a list, by separators outside of brackets."""
    parts, start = list[str](), 0
    for match in SEPARATOR.finditer(text):
        before = text[: match.start()]
        if sum(before.count(mark) for mark in "([{") == sum(before.count(mark) for mark in ")]}"):
            parts.append(text[start : match.start()].strip())
            start = match.end()
    return [part for part in (*parts, text[start:].strip()) if part]


def _signs(text: str) -> list[str]:
    return [text.replace("\\pm", "+"), text.replace("\\pm", "-")] if "\\pm" in text else [text]


def _same_set(parts: Sequence[str], others: Sequence[str]) -> bool | None:
    parts = [part.strip() for part in parts]
    left = list(map(str.strip, others))
    if len(parts) != len(left):
        return False if all(map(_readable, (*parts, *left))) else None
    for part in parts:
        verdicts = [_same(part, other) for other in left]
        if True not in verdicts:
            return None if None in verdicts else False
        del left[verdicts.index(True)]
    return True


def _all(verdicts: Sequence[bool | None]) -> bool | None:
    return False if False in verdicts else None if None in verdicts else True


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    known = list(verdicts)
    return True if True in known else None if None in known else False


def _readable(text: str) -> bool:
    try:
        Expression(text)
    except Unreadable:
        return False
    return True


def _same_single(left: str, right: str) -> bool | None:
    relations = [RELATION.findall(side) for side in (left, right)]
    if all(relations):
        return _same_relation(left, right, relations)
    return None if any(relations) else _same_expression(left, right)


def _same_relation(left: str, right: str, relations: list[list[str]]) -> bool | None:
    if relations[0] != relations[1]:
        return None
    sides, others = RELATION.split(left), RELATION.split(right)
    inside = _all([_same_expression(*pair) for pair in zip(sides, others, strict=True)])
    if inside or relations[0] != ["="]:
        return inside or None
    try:
        return _proportional([Expression(side) for side in sides], [Expression(side) for side in others])
    except Unreadable:
        return None


def _proportional(first: list[Expression], second: list[Expression]) -> bool | None:
    """Two equations are the same when their differences of sides are, up to a factor."""
    values = []
    names = sorted(set().union(*(side.names for side in (*first, *second))))
    for environment in _environments(names):
        differences = [side[0].value(environment) - side[1].value(environment) for side in (first, second)]
        values.append((differences[0], differences[1]))
    base = next(((a, b) for a, b in values if a and b), None)
    if base is None or not names:
        return None
    return all(_close(a * base[1], b * base[0]) for a, b in values)


def _same_expression(left: str, right: str) -> bool | None:
    if number(left) is not None and number(right) is not None:
        return _same_number(left, right)
    if "\\approx" in left + right:
        return _any(_same_expression(a, b) for a in left.split("\\approx") for b in right.split("\\approx"))
    (core, unit), (other, second) = _measure(left), _measure(right)
    if left.isalpha() and right.isalpha() and max(len(left), len(right)) > 1:
        return _same_words(left, right)
    if unit and second and unit != second:
        return None  # one may be a multiple of the other
    verdict = _same_value(core, other)
    if verdict is False and bool(unit) != bool(second) and (_letters(core) or _letters(other)):
        return None  # a letter may be the unit
    return _same_words(left, right) if verdict is None else verdict


def _measure(text: str) -> tuple[str, str]:
    """A quantity and its unit, in the singular."""
    found = UNIT.search(text)
    return (text[: found.start()], found.group(1).casefold().rstrip("s. ")) if found else (text, "")


def _letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _same_value(left: str, right: str) -> bool | None:
    try:
        first, second = (Expression(_exact(text)) for text in (left, right))
        names = sorted(first.names | second.names)
        pairs = [(first.value(values), second.value(values)) for values in _environments(names)]
    except Unreadable:
        return None
    if all(_close(a, b) for a, b in pairs):
        return True
    return not names and (rounded(left, pairs[0][1]) or rounded(right, pairs[0][0]))


def _exact(text: str) -> str:
    value = number(text)
    return text.replace("%", "") if value is None else f"({value})"


def _environments(names: Sequence[str]) -> list[dict[str, Fraction]]:
    if not names:
        return [{}]
    size = len(POINTS)
    return [
        {name: POINTS[(at + place) % size] + place // size + at * place for place, name in enumerate(names)}
        for at in range(size)
    ]


def _close(left: Value, right: Value) -> bool:
    if (isinstance(left, Fraction) and isinstance(right, Fraction)) or not (_finite(left) and _finite(right)):
        return left == right
    first, second = complex(left), complex(right)
    return cmath.isclose(first, second, rel_tol=1e-9, abs_tol=0 if first and second else 1e-12)


def _finite(value: Value) -> bool:
    return isinstance(value, Fraction) or cmath.isfinite(value)


def _same_words(left: str, right: str) -> bool | None:
    """Two wordings differ when each has a word that the other lacks; one that only says more may mean the same."""
    if MATHEMATICAL.search(left + right):
        return None
    first, second = _words(left), _words(right)
    if first == second:
        return True if first else None
    lacking = set(first) - set(second), set(second) - set(first)
    return False if all(lacking) and sorted(left) != sorted(right) else None


def _words(text: str) -> list[str]:
    words = re.sub(r"[^\w ]", "", text.casefold()).split()
    return [word for word in words if word not in ARTICLES]
