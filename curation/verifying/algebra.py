r"""Read an expression in LaTeX or plain text and evaluate it: exactly while it is rational, in floats from there on.

A small recursive descent, independent of math-verify and sympy, with bounds on every power and factorial. What it
does not know raises `Unreadable`.
"""

import cmath
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

Value: TypeAlias = Fraction | complex
Environment: TypeAlias = Mapping[str, Fraction]
Node: TypeAlias = Callable[[Environment], Value]

TOKEN = re.compile(
    r"\s*(?:(\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)|(\\?[A-Za-z]+)|(\*\*|[-+*/^()\[\]{}|!_]))"
)
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "arcsin": cmath.asin, "arccos": cmath.acos,
    "arctan": cmath.atan, "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "exp": cmath.exp,
    "ln": cmath.log, "log": cmath.log, "cot": lambda x: 1 / cmath.tan(x), "sec": lambda x: 1 / cmath.cos(x),
    "csc": lambda x: 1 / cmath.sin(x),
}  # fmt: skip
CONSTANTS: dict[str, complex] = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j, "infty": complex(math.inf)}
TIMES = ("*", "cdot", "times", "ast")
OVER = ("/", "div")
LONGEST = 500  # ours: characters
BITS = 20_000  # ours: size of an exact power
FACTORIAL = 500  # ours
DEPTH = 60  # ours: nested brackets


class Unreadable(Exception):
    """Not an expression that can be evaluated here."""


class Expression:
    """A parsed expression: its variables and its value for given ones."""

    def __init__(self, text: str) -> None:
        """Parse; Unreadable where a part of the text is no arithmetic."""
        self.tokens, self.place, self.depth = _tokens(text), 0, 0
        self.names: set[str] = set()
        self.node = self._sum()
        if self.place < len(self.tokens):
            raise Unreadable(text)

    def value(self, environment: Environment) -> Value:
        """The value; Unreadable where it is undefined or too large."""
        try:
            return self.node(environment)
        except (ArithmeticError, ValueError):
            raise Unreadable("undefined") from None

    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self, *wanted: str) -> str:
        token = self._next()
        if token and (not wanted or token in wanted):
            self.place += 1
            return token
        return ""

    def _sum(self) -> Node:
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable("too deep")
        node = self._product()
        while sign := self._take("+", "-"):
            node = _binary(_add if sign == "+" else _subtract, node, self._product())
        self.depth -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        while True:
            if self._take(*OVER):
                node = _binary(_divide, node, self._signed())
            elif self._take(*TIMES) or self._starts_factor():
                node = _binary(_multiply, node, self._signed())
            else:
                return node

    def _starts_factor(self) -> bool:
        # a bare number never follows a factor: "2 3" is no product
        token = self._next()
        return token in ("(", "{", "[") or (token[:1].isalpha() and token not in (*TIMES, *OVER))

    def _signed(self) -> Node:
        if self._take("-"):
            inner = self._signed()
            return lambda values: -inner(values)
        self._take("+")
        return self._power()

    def _power(self) -> Node:
        node = self._primary()
        while True:
            if self._take("^", "**"):
                node = _binary(_raise, node, self._signed())
            elif self._take("!"):
                node = _unary(_factorial, node)
            else:
                return node

    def _primary(self) -> Node:
        token = self._take()
        if token in ("(", "{", "["):
            return self._until({"(": ")", "{": "}", "[": "]"}[token])
        if token == "|":
            return _unary(_absolute, self._until("|"))
        if token[:1].isdigit() or token[:1] == ".":
            return self._mixed(Fraction(token.replace(",", "")))
        if token == "frac":
            return _binary(_divide, self._argument(), self._argument())
        if token == "sqrt":
            return self._root()
        if token in FUNCTIONS:
            return self._function(token)
        if token in CONSTANTS:
            constant = CONSTANTS[token]
            return lambda _: constant
        if token.isalpha() and len(token) == 1:
            return self._variable(token)
        raise Unreadable(token or "nothing")

    def _until(self, closing: str) -> Node:
        node = self._sum()
        if not self._take(closing):
            raise Unreadable(f"no {closing}")
        return node

    def _mixed(self, whole: Fraction) -> Node:
        if self._next() == "_":
            raise Unreadable("a number to another base")
        following = self.tokens[self.place : self.place + 7]
        if following[:1] == ["frac"] and [t for t in following[1:] if t.isdigit()] == following[2:6:3]:
            part = self._primary()
            return lambda values: whole + part(values)
        return lambda _: whole

    def _argument(self) -> Node:
        token = self._next()
        if token.isdigit() and len(token) > 1:  # \frac12
            self.tokens[self.place] = token[1:]
            return lambda _: Fraction(token[0])
        return self._primary()

    def _root(self) -> Node:
        degree: Node = self._until("]") if self._take("[") else lambda _: Fraction(2)
        return _binary(_root, self._argument(), degree)

    def _function(self, name: str) -> Node:
        base = self._argument() if name == "log" and self._take("_") else None
        exponent = self._argument() if self._take("^") else None
        inner = self._power() if self._next() in ("(", "{", "[") else self._product()
        node = _unary(lambda value: FUNCTIONS[name](complex(value)), inner)
        if base:
            node = _binary(_divide, node, _unary(lambda value: cmath.log(complex(value)), base))
        return _binary(_raise, node, exponent) if exponent else node

    def _variable(self, name: str) -> Node:
        if self._take("_"):
            index = self._take("{")
            inner = self._take()
            if index and not self._take("}"):
                raise Unreadable("a long index")
            name = f"{name}_{inner}"
        self.names.add(name)
        return lambda values: values[name]


def _tokens(text: str) -> list[str]:
    found, place = list[str](), 0
    text = text.rstrip()
    if len(text) > LONGEST:
        raise Unreadable("too long")
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise Unreadable(text[place:])
        number, word, mark = match.groups()
        plain = word.lstrip("\\") if word else ""
        known = plain in FUNCTIONS or plain in CONSTANTS or plain in ("sqrt", "frac", *TIMES, *OVER)
        if word and not known and (len(plain) > 3 or word[0] == "\\"):
            raise Unreadable(word)
        found += [number or mark] if not word else [plain] if known else list(plain)
        place = match.end()
    return found


def _binary(operation: Callable[[Value, Value], Value], left: Node, right: Node) -> Node:
    return lambda values: operation(left(values), right(values))


def _unary(operation: Callable[[Value], Value], inner: Node) -> Node:
    return lambda values: operation(inner(values))


def _add(left: Value, right: Value) -> Value:
    return left + right


def _subtract(left: Value, right: Value) -> Value:
    return left - right


def _multiply(left: Value, right: Value) -> Value:
    return left * right


def _divide(left: Value, right: Value) -> Value:
    return left / right


def _absolute(value: Value) -> Value:
    return abs(value) if isinstance(value, Fraction) else complex(abs(value))


def _raise(base: Value, exponent: Value) -> Value:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size * abs(exponent) > BITS:
            raise Unreadable("too large")
        return base ** int(exponent)
    return complex(base) ** complex(exponent)


def _root(value: Value, degree: Value) -> Value:
    if isinstance(value, Fraction) and isinstance(degree, Fraction) and value < 0 and degree % 2 == 1:
        return -(complex(-value) ** complex(1 / degree))
    return complex(value) ** complex(1 / degree)


def _factorial(value: Value) -> Value:
    if not isinstance(value, Fraction) or value.denominator != 1 or not 0 <= value <= FACTORIAL:
        raise Unreadable("a factorial")
    return Fraction(math.factorial(int(value)))
