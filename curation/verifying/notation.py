r"""Answers in one notation, and the exact value of a written number; the second verifier's own reading."""

import cmath
import re
from fractions import Fraction

from curation.verifying.algebra import Value

REPLACED = {
    "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "π": " pi ", "√": "sqrt", "∞": "\\infty ", "≤": "\\le ",
    "≥": "\\ge ", "²": "^2", "³": "^3", "°": "", "′": "", "€": "", "£": "", "{,}": ",", "\\%": "%", "\\$": "",
    "$": "", "\\leq": "\\le ", "\\geq": "\\ge ", "\\infin": "\\infty", "\\lbrace": "\\{", "\\rbrace": "\\}",
}  # fmt: skip
DROPPED = re.compile(
    r"\\(?:left|right|big|Big|displaystyle|quad|qquad|[,;:! ()\[\]])(?![a-zA-Z])|\^\{?\\circ\}?|[`~]|\*\*(?=\D|$)"
)
FRACTION = re.compile(r"\\[dtc]frac")
WORDING = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mbox|operatorname|mathit)\s*\{([^{}]*)\}")
NUMBER = re.compile(r"[-+]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?")
MIXED = re.compile(r"(-?)(\d+)\s+(\d+)\s*/\s*(\d+)")
BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
MATRIX = re.compile(r"\\begin\s*\{([a-z]?matrix)\}(.*?)\\end\s*\{\1\}")
TAIL = 4000  # ours: characters of a worked solution searched for its box
DIGITS = 3  # ours: a decimal with fewer digits is not taken for a rounded value


def clean(text: str) -> str:
    """The text in one notation: no wrapping, spacing, currency or degree marks."""
    for old, new in REPLACED.items():
        text = text.replace(old, new)
    text = MATRIX.sub(_rows, (BOXED.findall(text[-TAIL:]) or [text])[-1])
    text = WORDING.sub(r" \1 ", FRACTION.sub(r"\\frac", DROPPED.sub("", text)))
    return re.sub(r"\s+", " ", text).lstrip(" #,:;\"'“”‘’").rstrip(" .,:;\"'“”‘’")


def _rows(matrix: re.Match[str]) -> str:
    """A matrix as a list of lists."""
    rows = matrix.group(2).strip().removesuffix("\\\\").split("\\\\")
    return "(" + ", ".join("(" + row.replace("&", ", ") + ")" for row in rows) + ")"


def rounded(text: str, value: Value) -> bool:
    """Whether a decimal is the value rounded, as 66.67 is 66.6667 or 3.14 pi."""
    written, digits = number(text), text.strip(" %")
    places = digits.partition(".")[2]
    if written is None or not places.isdigit() or len(digits.replace(".", "").lstrip("-0,")) < DIGITS:
        return False
    if not isinstance(value, Fraction):
        if not cmath.isfinite(value) or abs(value.imag) > 1e-9 * abs(value):
            return False
        value = Fraction(value.real)
    return bool(abs(written - value) * 2 * 10 ** len(places) <= 1)


def number(text: str) -> Fraction | None:
    """The exact value of a number, a mixed number or a percentage; None of anything else."""
    text = text.removesuffix("%").strip()
    mixed = MIXED.fullmatch(text)
    if mixed:
        sign, whole, above, below = mixed.groups()
        value = int(whole) + Fraction(int(above), int(below)) if int(below) else None
        return -value if value is not None and sign else value
    return Fraction(text.replace(",", "")) if text and NUMBER.fullmatch(text) and text[-1].isdigit() else None
