"""The reward of a recipe as one text, such as `accuracy * budget` or `gate(format, accuracy, -0.05)`.

    reward = number | part | part(parameter=value, ...) | reward + reward | reward - reward | reward * reward | -reward
           | gate(condition, reward)              the reward where the condition is at least 0.5, else 0
           | gate(condition, reward, otherwise)
           | ladder(part=value, ..., otherwise=value)   the value of the first part below 0.5, else the last one

It is read from Python's syntax tree, never run as a program; parts are functions of training.rewards.parts.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from curation.errors import UserError
from training.rewards.parts import PARTS, Part
from training.rewards.rollout import Rollout

Values = Mapping[str, float]  # of every part, by its text
Node = Callable[[Values], float]
MET = 0.5  # DeepSport's tool reward asks for an accuracy of at least 0.5
LONGEST = 500  # ours: characters of an expression
OTHERWISE = "otherwise"
FORMS = "numbers, + - *, gate(condition, reward, otherwise) and ladder(part=value, ..., otherwise=value)"


class Scored(NamedTuple):
    """The reward of every rollout, and the value of every part."""

    rewards: list[float]
    parts: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Reward:
    """A parsed expression: its parts by their text, and what is made of their values."""

    text: str
    parts: Mapping[str, Part]
    value: Node

    def __call__(self, rollouts: Sequence[Rollout]) -> Scored:
        """Score rollouts; every part is measured once a rollout."""
        parts = {name: [part(rollout) for rollout in rollouts] for name, part in self.parts.items()}
        rows = [dict(zip(parts, values, strict=True)) for values in zip(*parts.values(), strict=True)]
        return Scored([self.value(row) for row in rows], parts)

    def uses(self, name: str) -> bool:
        """True where a part of that name is in the expression."""
        return any(text.partition("(")[0] == name for text in self.parts)


def parse(text: str) -> Reward:
    """The reward of an expression; UserError names the place and what is known."""
    if len(text) > LONGEST:
        raise _wrong(text[:40] + "...", f"is {len(text)} characters long; at most {LONGEST} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = error.offset if isinstance(error, SyntaxError) else None
        raise _wrong(text, f"is no expression{f' from character {place} on' if place else ''}") from None
    reader = _Reader(text, {})
    value = reader.node(tree)
    if not reader.parts:
        raise _wrong(text, "names no part, so every rollout would be worth the same")
    return Reward(text, reader.parts, value)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads nodes, collecting the parts they name."""

    text: str
    parts: dict[str, Part]

    def node(self, tree: ast.expr) -> Node:
        match tree:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return partial(_constant, float(number))
            case ast.Name(id=name):
                return self.part(tree, name, {})
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return partial(_times, partial(_constant, -1.0), self.node(inner))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
                return partial(OPERATIONS[type(op)], self.node(left), self.node(right))
            case ast.Call(func=ast.Name(id="gate"), args=[_, _] | [_, _, _] as args, keywords=[]):
                return partial(_gate, *map(self.node, args))
            case ast.Call(func=ast.Name(id="ladder"), args=[], keywords=[_, *_] as keywords):
                return self.ladder(tree, keywords)
            case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords):
                return self.part(tree, name, dict(self.parameters(keywords)))
        raise self.wrong(tree, f"is none of: {FORMS}")

    def part(self, tree: ast.expr, name: str, values: dict[str, Any]) -> Node:
        """The value of a part, its parameters checked against the function's own."""
        if name not in PARTS:
            raise self.wrong(tree, f"is no part; known: {', '.join(sorted(PARTS))}")
        allowed = inspect.signature(PARTS[name]).parameters
        known = [one.name for one in allowed.values() if one.kind is one.KEYWORD_ONLY]
        for key, value in values.items():
            if key not in known:
                raise self.wrong(tree, f"has no parameter '{key}'; its parameters: {', '.join(known) or 'none'}")
            try:
                TypeAdapter(allowed[key].annotation).validate_python(value, strict=isinstance(value, bool))
            except ValidationError as error:
                raise self.wrong(tree, f"has a bad '{key}': {error.errors()[0]['msg']}, found {value!r}") from None
        self.parts[ast.unparse(tree)] = partial(PARTS[name], **values)
        return partial(_value, ast.unparse(tree))

    def ladder(self, tree: ast.expr, keywords: Sequence[ast.keyword]) -> Node:
        """Rungs in order; the last one is `otherwise`."""
        rungs = list(self.parameters(keywords))
        if rungs[-1][0] != OTHERWISE or not all(isinstance(value, int | float) for _, value in rungs):
            raise self.wrong(tree, f"must give every part a number and end with '{OTHERWISE}=...'")
        for name, _ in rungs[:-1]:
            self.part(ast.copy_location(ast.Name(name), tree), name, {})
        return partial(_ladder, dict(rungs))

    def parameters(self, keywords: Sequence[ast.keyword]) -> Iterator[tuple[str, Any]]:
        for keyword in keywords:
            try:
                yield str(keyword.arg), ast.literal_eval(keyword.value)
            except (ValueError, TypeError):
                raise self.wrong(keyword.value, "is no number or text") from None

    def wrong(self, tree: ast.expr, why: str) -> UserError:
        return _wrong(self.text, f"from character {tree.col_offset + 1} on: '{ast.unparse(tree)}' {why}")


def _wrong(text: str, why: str) -> UserError:
    return UserError(f"The reward '{text}' {why}.")


def _constant(number: float, values: Values) -> float:
    return number


def _value(name: str, values: Values) -> float:
    return values[name]


def _plus(left: Node, right: Node, values: Values) -> float:
    return left(values) + right(values)


def _minus(left: Node, right: Node, values: Values) -> float:
    return left(values) - right(values)


def _times(left: Node, right: Node, values: Values) -> float:
    return left(values) * right(values)


OPERATIONS: dict[type[ast.operator], Callable[[Node, Node, Values], float]] = {
    ast.Add: _plus,
    ast.Sub: _minus,
    ast.Mult: _times,
}


def _gate(condition: Node, then: Node, *rest: Any) -> float:  # noqa: ANN401  (a node, where given, then the values)
    otherwise, values = (rest[0], rest[1]) if len(rest) == 2 else (partial(_constant, 0.0), rest[0])
    return float(then(values) if condition(values) >= MET else otherwise(values))


def _ladder(rungs: Mapping[str, float], values: Values) -> float:
    failed = (worth for name, worth in rungs.items() if name != OTHERWISE and values[name] < MET)
    return float(next(failed, rungs[OTHERWISE]))
