r"""Find the answer in a text and compare it with the reference.

`extract("... so \\boxed{18}")` is "18"; `compare("18.0", "18")` is (True, "numeric").
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from curation.texts.arithmetic import differ
from curation.trace import Segment, Trace
from curation.verifying.math_worker import MathWorker

Extractor = Literal["auto", "boxed", "last_number", "letter", "yes_no"]
Comparator = Literal["auto", "numeric", "choice", "exact", "math_verify", "yes_no"]
Method = Literal["numeric", "choice", "exact", "math_verify"]

NUMBER = re.compile(
    r"(?:(?<![\w)\]}.])[-−]\$?|\$-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?![\w.]))?(?:\s?/\s?\d+(?![\d.]\d))?"
    r"|(?<![\w.)])[-−]?\.\d+"
)
MARK = re.compile(
    r"####|<answer>|(?:^|\n)[ \t>*#]*(?:final answer|answer|a)[ \t*]*:"
    r"|\banswer\b[^.\n=:?]{0,40}?(?:\bis\b|=|:)[ \t]*:?",
    re.IGNORECASE,
)
LETTER = re.compile(r"(?<![\w\\])\(?([A-J])\)?(?![\w'’])")
BARE_LETTER = re.compile(r"(?<![\w\\])(?:\(([A-J])\)|([A-J])(?=[.,:;)]|\W*$))")  # not the words "A" and "I"
OPTION = re.compile(r"^\W{0,3}[A-J](?:\)|[.:](?=\s))[*\s]*(?=\S)")
YES_NO = re.compile(r"\b(yes|true|no|false)\b", re.IGNORECASE)
CHOICE = re.compile(r"\W*(?:(?:option|choice|answer)\s+)?\(?([A-J])(?:\)|[.:]|$)", re.IGNORECASE)
WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|operatorname|mathit)\s*\{([^{}]*)\}")
NOISE = re.compile(
    r"(?<!\\)\\(?:left|right|displaystyle|[!,;: ()\[\]])|\^\{?\\circ\}?|°|\\?[%$]|[*`]{1,2}(?=\W|$)|^[*`]{1,2}|^#+\s"
)
FRACTION = re.compile(r"(-?)\s*(\d*)\s*\\[dt]?frac\s*(?:\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}|(\d)(\d))")
NAMED = re.compile(r"[A-Za-z]\w{0,10}\s*=\s*(?=[^=]+$)")
UNIT = re.compile(r"\s+(?!(?:pi|sqrt|or|and|to)\b)[A-Za-z]{2,}[A-Za-z /.^]*[23]?$")
MATHEMATICAL = re.compile(r"[\d\\^_=+*/|<>]|^\s*\w\s*$")
COMPUTED = re.compile(r"(?:[=≈→⇒]|\\approx|\\boxed\s*\{)[\s$*({]*(?:\\(?:text|mathrm|mathbf)\{|about )?\Z")
RESULT = re.compile(
    rf"{COMPUTED.pattern}|(?:\b(?:is|are|was|get|gives?|makes?|equals?|obtain|yields?|leaves?|answer|option|choice|exactly"
    r"|total of)|:|[是为得于])[\s$*({:]*(?:about |only |just |now )?\Z",
    re.IGNORECASE,
)
OPERATOR = re.compile(r"[-+*/×÷^][ \t]*\Z")
OPERAND = re.compile(r"[ \t$)}]*(?:[-+*/×÷^]|\\(?:times|cdot|div))[ \t$]*[\d(\\]")
NEAR = 30  # ours: characters before a mention that say whether it is a result
LONGEST = 1000  # ours: characters; a longer expression is not given to math-verify
TAIL = 2000  # ours: characters of a reasoning searched for a bare number or letter
WORKER = MathWorker()


class Verdict(NamedTuple):
    """Whether two answers agree, and which comparison decided."""

    equal: bool
    method: Method


def extract(text: str, extractor: Extractor = "auto", reference: str | None = None, bare: bool = True) -> str | None:
    """The final answer a text states; without `bare` only one that is marked as such."""
    if extractor == "boxed":
        return boxed(text)
    if extractor == "letter":
        return _letter(text, bare)
    if extractor == "last_number":
        return _last_number(text, bare)
    if extractor == "yes_no":
        return _yes_no(text, bare)
    if reference is not None and choice(reference):
        return _letter(text, bare)
    if reference is not None and YES_NO.fullmatch(plain(reference)):
        return _yes_no(text, bare)
    found = boxed(text)
    if found is not None:
        return found
    if reference is None or numeric(reference) is not None:
        return _last_number(text, bare)
    return _phrase(text, bare) or (_last_number(text, bare) if any(c.isdigit() for c in reference) else None)


def boxed(text: str) -> str | None:
    r"""The content of the last closed \boxed{...}."""
    end = len(text)
    for _ in range(20):  # ours: an unclosed box is passed over, but not without end
        start = text.rfind("\\boxed", 0, end)
        if start < 0:
            return None
        found = _braced(text, start + len("\\boxed"))
        if found:
            return found.strip()
        end = start
    return None


def compare(found: str, reference: str, comparator: Comparator = "auto", timeout: float = 5.0) -> Verdict:
    """Compare an answer with the reference; `auto` asks math-verify only when nothing cheaper decides.

    Of a reference that is a worked solution its box counts; of an answer such as "B) Paris" the text, where the
    reference is no letter.
    """
    reference = boxed(reference) or reference
    if comparator == "choice" or (comparator == "auto" and choice(reference)):
        wanted = choice(reference)
        return Verdict(wanted is not None and choice(found) == wanted, "choice")
    if comparator == "yes_no" or (comparator == "auto" and YES_NO.fullmatch(plain(reference))):
        return Verdict(yes_no(found) is not None and yes_no(found) == yes_no(reference), "exact")
    if comparator == "exact":
        return Verdict(plain(found) == plain(reference), "exact")
    if comparator == "math_verify":
        return Verdict(_same_math(found, reference, timeout), "math_verify")
    left, right = numeric(found), numeric(reference)
    if comparator == "numeric" or (left is not None and right is not None):
        return Verdict(left is not None and right is not None and _near(left, right), "numeric")
    if plain(reference) in (plain(found), plain(OPTION.sub("", found))):
        return Verdict(True, "exact")
    if max(len(found), len(reference)) <= LONGEST and MATHEMATICAL.search(found) and MATHEMATICAL.search(reference):
        return Verdict(_same_math(found, reference, timeout), "math_verify")
    return Verdict(False, "exact")


def numeric(text: str) -> Fraction | None:
    """The exact value of a number, a fraction or a mixed number; percent, currency and units are passed over."""
    text = _bare(text)
    text = UNIT.sub("", NAMED.sub("", text, count=1)).strip()
    latex = FRACTION.fullmatch(text)
    if latex:
        sign, whole, above, below, top, bottom = latex.groups()
        return _fraction(sign, whole, above or top, below or bottom)
    mixed = re.fullmatch(r"([-−]?)(\d+)\s+(\d+)/(\d+)", text)
    if mixed:
        return _fraction(*mixed.groups())
    if len(text) > 400 or not NUMBER.fullmatch(text):
        return None
    above, _, below = text.replace(",", "").replace("−", "-").replace("$", "").replace(" ", "").partition("/")
    return None if below and not int(below) else Fraction(above) / int(below or 1)


def choice(text: str) -> str | None:
    """The letter of a multiple-choice answer such as "(B)", "B. Paris" or "option b"."""
    match = CHOICE.match(_bare(text))
    return match.group(1).upper() if match else None


def yes_no(text: str) -> bool | None:
    """What a text that begins with yes, no, true or false says; None for any other."""
    match = _begins_so(text)
    return match.group(1).lower() in ("yes", "true") if match else None


def _begins_so(text: str) -> re.Match[str] | None:
    return YES_NO.match(_bare(text).lstrip("\"'“‘(*_"))


def plain(text: str) -> str:
    """The text without wrapping, punctuation at its ends, case and spaces."""
    return "".join(_bare(text).strip(" .,:;!\"'“”‘’").casefold().split())


def first_correct(trace: Trace) -> int | None:
    """Where the reasoning first states the reference as a result; None where it never does or there is none.

    Behind "=", "is", "makes" and the like a mention is a result; an operand of a sum is none. Where no mention stands
    as a result, the first one counts, except in what restates or plans, and except for the letter of a choice.
    """
    text, reference = trace.reasoning, (trace.problem.reference or "").strip()
    letter = re.fullmatch(r"\(?[A-Z]\)?", reference) is not None
    first: int | None = None
    for span in trace.segments or (Segment(0, len(text), "attempt"),):
        asked = span.kind in ("restate", "plan")  # a question that names the number is not an answer to it
        for start, stop in _mentions(text, reference, span.start, span.stop):
            before = text[max(0, start - NEAR) : start]
            if OPERAND.match(text, stop):
                continue
            if (COMPUTED if asked else RESULT).search(before):
                return stop
            if first is None and not asked and not letter and not OPERATOR.search(before):
                first = stop
    return first


def _mentions(text: str, reference: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    value = numeric(reference)
    if value is not None:
        yield from (m.span() for m in NUMBER.finditer(text, start, stop) if numeric(m.group()) == value)
    elif reference:
        found = re.compile(rf"(?<!\w){re.escape(reference)}(?!\w)").finditer(text, start, stop)
        yield from (match.span() for match in found)


def _braced(text: str, start: int) -> str | None:
    if not text.startswith("{", start):
        spaced = re.compile(r"\s+([^\s$.,{]+)|\s*\{").match(text, start)
        if not spaced:
            return None
        if spaced.group(1):
            return spaced.group(1)
        start = spaced.end() - 1
    depth = 0
    for place in range(start, min(len(text), start + TAIL)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return text[start + 1 : place]
    return None


def _marked(text: str) -> str | None:
    ends = [mark.end() for mark in MARK.finditer(text)]
    return text[ends[-1] : ends[-1] + TAIL].lstrip(" \t*:") if ends else None


def _last_number(text: str, bare: bool) -> str | None:
    marked = _marked(text)
    if marked is not None:
        line = marked.strip().split("\n", 1)[0]
        found = NUMBER.search(line.rpartition("=")[2]) or NUMBER.search(line)
        if found:
            return found.group()
    numbers = NUMBER.findall(text[-TAIL:]) if bare else []
    return numbers[-1] if numbers else None


def _letter(text: str, bare: bool) -> str | None:
    found = boxed(text)
    if found and choice(found):
        return choice(found)
    marked = _marked(text)
    match = LETTER.search(marked.strip().split("\n", 1)[0]) if marked is not None else None
    if match:
        return match.group(1)
    letters = BARE_LETTER.findall(text[-TAIL:]) if bare else []
    return "".join(letters[-1]) if letters else None


def _yes_no(text: str, bare: bool) -> str | None:
    """The word that is marked as the answer; bare, the one that the text or its last line begins with."""
    marked = boxed(text) or _marked(text)
    match = YES_NO.search(marked.strip().split("\n", 1)[0]) if marked else None
    if match:
        return match.group(1)
    lines = text.strip().splitlines()
    found = next(filter(None, map(_begins_so, lines[:1] + lines[-1:])), None) if bare else None
    return found.group(1) if found else None


def _phrase(text: str, bare: bool) -> str | None:
    marked = _marked(text)
    if marked and marked.strip():
        return re.split(r"\n|</|[.!](?:\s|$)", marked.strip(), maxsplit=1)[0].strip()[:200] or None
    line = text.strip()
    return line if bare and line and len(line) <= 100 and "\n" not in line else None


def _bare(text: str) -> str:
    return NOISE.sub("", WRAPPED.sub(r" \1", text[:LONGEST])).strip().rstrip(".").strip()


def _fraction(sign: str, whole: str, above: str, below: str) -> Fraction | None:
    if not int(below):
        return None
    value = int(whole or 0) + Fraction(int(above), int(below))
    return -value if sign else value


def _near(left: Fraction, right: Fraction) -> bool:
    # math-verify compares six decimals; whole numbers are compared exactly
    whole = left.denominator == right.denominator == 1
    return left == right or (not whole and abs(left - right) <= abs(right) / 1_000_000)


@lru_cache(maxsize=50_000)
def _same_math(found: str, reference: str, timeout: float) -> bool:
    left, right = _bare(found), _bare(reference)
    return not differ(left, right) and WORKER.equal(left, right, timeout)
