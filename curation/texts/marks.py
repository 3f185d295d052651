"""GSM8K's calculator marks, `<<48/2=24>>`: the arithmetic of a solution, without its prose."""

import ast
import re
from fractions import Fraction
from typing import NamedTuple

MARK = re.compile(r"<<([^<>=]{1,200})=([^<>=]{1,100})>>")
GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)


class Mark(NamedTuple):
    """What was calculated, and what came out."""

    expression: str
    value: str


def marks(text: str) -> list[Mark]:
    """The calculator marks of a text, in order."""
    return [Mark(left.strip(), right.strip()) for left, right in MARK.findall(text)]


def to_python(found: list[Mark]) -> str:
    """A program with one assignment a mark, where a number that an earlier mark gave is that mark's variable.

    ValueError names the mark that is no plain arithmetic. Of several earlier marks with the same value the latest is
    taken. It ends with `ans`.
    """
    known: dict[Fraction, str] = {}
    lines = []
    for number, mark in enumerate(found, 1):
        lines.append(f"step_{number} = {_expression(mark, known)}")
        value = _number(mark.value)
        if value is not None:
            known[value] = f"step_{number}"
    return "\n".join([*lines, f"ans = step_{len(found)}"])


class _References(ast.NodeTransformer):
    def __init__(self, known: dict[Fraction, str]) -> None:
        self.known = known

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        name = self.known.get(Fraction(repr(node.value)))
        return ast.Name(name) if name else node


def _expression(mark: Mark, known: dict[Fraction, str]) -> str:
    plain = LEADING_ZEROS.sub("", GROUPED.sub("", mark.expression))
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError):
        tree = ast.Name("")
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not number and not isinstance(node, ARITHMETIC):
            raise ValueError(f"<<{mark.expression}={mark.value}>> is no plain arithmetic")
    return ast.unparse(_References(known).visit(tree))


def _number(text: str) -> Fraction | None:
    try:
        return Fraction(GROUPED.sub("", text))
    except (ValueError, ZeroDivisionError):
        return None
