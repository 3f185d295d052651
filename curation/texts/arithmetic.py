r"""The value of a plain arithmetic expression such as `1/2^{99}` or `1 - \frac{1}{e}`, as a check on math-verify.

math-verify 0.9 calls 1/2^{99} equal to 1/2^{98} and 1 - 1/e equal to 1 + 1/e; where both sides are plain arithmetic,
two values that differ are not equal, whatever it says.
"""

import ast
import math
import operator
import re
from collections.abc import Callable

INNERMOST = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"((\1)**(1/2))"),
    (re.compile(r"\^\s*\{([^{}]*)\}"), r"**(\1)"),
)
NAMES = {"pi": math.pi, "e": math.e}
OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
LONGEST = 200  # ours: characters
DEPTH = 20  # ours: rounds of replacing innermost braces


def value(text: str) -> float | None:
    """The value of the expression; None when it is not plain arithmetic."""
    if len(text) > LONGEST:
        return None
    for _ in range(DEPTH):
        before = text
        for pattern, plain in INNERMOST:
            text = pattern.sub(plain, text)
        if text == before:
            break
    text = re.sub(r"\\(?:cdot|times)\b", "*", text).replace("\\pi", "pi").replace("^", "**")
    try:
        result = _evaluate(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    return result if math.isfinite(result) else None


def differ(left: str, right: str) -> bool:
    """True when both are plain arithmetic and their values are not the same to five digits."""
    first, second = value(left), value(right)
    return first is not None and second is not None and not math.isclose(first, second, rel_tol=1e-5)


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_evaluate(inner)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            return OPERATIONS[type(op)](_evaluate(left), _evaluate(right))
    raise ValueError("not plain arithmetic")
