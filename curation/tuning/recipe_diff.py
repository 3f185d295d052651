"""How two recipes differ, in words: steps added, removed or moved, fields changed."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from curation.operator import Operator
from curation.recipe import Recipe

Kind = Literal["text", "added", "removed", "moved", "changed"]
TEXTS = ("name", "description", "paper")


class Change(NamedTuple):
    """One difference; the numbers are the step's place in the first and in the second recipe, from 1."""

    kind: Kind
    words: str
    before: int | None = None
    after: int | None = None


def differences(a: Recipe, b: Recipe) -> list[Change]:
    """What turns the first recipe into the second, in the order of the second; empty when they are equal."""
    return [*_texts(a, b), *_steps(a.steps, b.steps), *_settings(a, b)]


def _texts(a: Recipe, b: Recipe) -> list[Change]:
    old, new = a.model_dump(include=set(TEXTS)), b.model_dump(include=set(TEXTS))
    return [
        Change("text", f"{name}: {_value(old[name])} becomes {_value(new[name])}")
        for name in TEXTS
        if old[name] != new[name]
    ]


def _steps(a: Sequence[Operator], b: Sequence[Operator]) -> list[Change]:
    pairs = _pairs(a, b)
    removed = [n for n in range(len(a)) if n not in pairs]
    moved = _moved(pairs)
    after = {new: old for old, new in pairs.items()}
    changes = [Change("removed", f"step {n + 1} ({a[n].title()}) removed: {_fields(a[n])}", n + 1) for n in removed]
    for new, step in enumerate(b):
        if new not in after:
            changes.append(Change("added", f"step {new + 1} ({step.title()}) added: {_fields(step)}", None, new + 1))
            continue
        old = after[new]
        if old in moved:
            words = f"step {old + 1} ({step.title()}) is now step {new + 1}"
            changes.append(Change("moved", words, old + 1, new + 1))
        words = _changed(a[old].parameters(), step.parameters())
        if words:
            changes.append(Change("changed", f"step {new + 1} ({step.title()}): {words}", old + 1, new + 1))
    return changes


def _pairs(a: Sequence[Operator], b: Sequence[Operator]) -> dict[int, int]:
    """Steps that are the same one in both: equal ones first, then those of one operator, nearest first."""
    pairs: dict[int, int] = {}
    for same in (_equal, _alike):
        old = [n for n in range(len(a)) if n not in pairs]
        new = [n for n in range(len(b)) if n not in pairs.values()]
        matcher = SequenceMatcher(None, [same(a[n]) for n in old], [same(b[n]) for n in new], autojunk=False)
        for block in matcher.get_matching_blocks():
            pairs |= {old[block.a + n]: new[block.b + n] for n in range(block.size)}
        for n in (n for n in old if n not in pairs):  # out of order: the step was moved
            found = next((m for m in new if m not in pairs.values() and same(a[n]) == same(b[m])), None)
            pairs |= {} if found is None else {n: found}
    return pairs


def _equal(step: Operator) -> str:
    return step.key()


def _alike(step: Operator) -> str:
    return step.title()


def _moved(pairs: dict[int, int]) -> set[int]:
    """Steps outside the longest run of pairs that keep their order."""
    order = [pairs[old] for old in sorted(pairs)]
    kept = SequenceMatcher(None, order, sorted(order), autojunk=False).get_matching_blocks()
    steady = {order[block.a + n] for block in kept for n in range(block.size)}
    return {old for old, new in pairs.items() if new not in steady}


def _changed(old: dict[str, Any], new: dict[str, Any]) -> str:
    names = [*new, *(name for name in old if name not in new)]
    found = [
        f"{name} {_value(old.get(name))} becomes {_value(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]
    return ", ".join(found)


def _settings(a: Recipe, b: Recipe) -> list[Change]:
    both = {"train": (a.train, b.train), "evaluate": (a.evaluate, b.evaluate)}
    found = {name: _changed(*values) for name, values in both.items()}
    return [Change("text", f"{name}: {words}") for name, words in found.items() if words]


def _fields(step: Operator) -> str:
    values = {name: value for name, value in step.dump().items() if name != step.tag}
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items()) or "as it is by default"


def _value(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "nothing"
    return f"'{value}'" if isinstance(value, str) and " " in value else str(value)
