r"""A program that writes like a reasoning model: long traces by named paragraphs, and their concise form.

`write_long` gives "<think>\nOkay, so ...\n</think>\nThe answer is \boxed{17}." and the spans of its paragraphs.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data.generator.problems import Problem
from data.generator.solution import Noise, Sum, draw_noise, solve, spoil

Role = Literal["restate", "filler", "main", "slip", "backtrack", "check", "alternative", "redo", "conclusion"]
Piece = tuple[Role, str]

KINDS: dict[Role, str] = {
    "restate": "restate",
    "filler": "filler",
    "main": "attempt",
    "slip": "attempt",
    "backtrack": "backtrack",
    "check": "check",
    "alternative": "alternative",
    "redo": "check",
    "conclusion": "answer",
}
OPEN, CLOSE = "<think>\n", "\n</think>\n"

RESTATE = (
    "Okay, so I need to find how many {item} {name} has at the end. {name} starts with {start}.",
    "Okay, so the question is how many {item} {name} has now. At the start {name} has {start} {item}.",
    "Let me understand the problem. {name} has {start} {item}, and I need to find how many are left.",
    "Alright, I am asked how many {item} {name} has in the end. The start is {start} {item}.",
)
FILLER = (
    "Hmm, let me think. The numbers are not that big.",
    "Hmm, let me think about this for a moment.",
    "Okay, this is interesting. There are a few things going on here.",
    "Hmm, okay. I should be careful with the order here.",
)
OPENINGS = (
    "First, {name} has {start} {item}.",
    "First, I write down the start, which is {start}.",
    "To solve this, I go step by step from {start}.",
)
BACKTRACKS = (
    "Wait, that is not right.",
    "Wait, that's wrong.",
    "Wait, no, that is a mistake.",
    "Hmm, wait, I slipped.",
)
IGNORED = ("{clause}, but that does not change the pile of {name}.", "{clause}, but those do not belong to {name}.")
CHECKS = (
    "Let me verify this.",
    "Let me double-check the sums.",
    "Let me check that again.",
    "To verify, I add it up.",
)
BACKWARD = ("Alternatively, I can go backward from {end}.", "Another way is to undo the steps, from {end}.")
PILE = ("Alternatively, I can picture a pile.", "Another way to see this is as a pile on a table.")
REDO = ("Let me go through it once more, to be sure.", "Let me redo this from the start, just to be safe.")
CONCLUSIONS = ("So the answer is {end}.", "Therefore, the answer is {end}.", "So {name} has {end} {item} now.")
LOOPS = ("Wait, let me check that again.", "Hmm, let me go over it again.", "Wait, I want to be sure about this.")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the reasoning, as characters, with the part it plays."""

    role: Role
    start: int
    end: int

    @property
    def kind(self) -> str:
        """The segment kind this role stands for."""
        return KINDS[self.role]


@dataclass(frozen=True, slots=True)
class LongTrace:
    """A generation, the spans that tile its reasoning, what was planted in it and the sums it rests on."""

    generation: str
    spans: tuple[Span, ...]
    noise: Noise
    sums: tuple[Sum, ...]

    @property
    def reasoning(self) -> str:
        """The text inside the think tags."""
        return self.generation.removeprefix(OPEN).partition(CLOSE)[0]


def write_long(rng: random.Random, problem: Problem, noise: Noise | None = None, slips: bool = True) -> LongTrace:
    """A long trace of the problem; without `noise` one is drawn."""
    noise = noise or draw_noise(rng, problem)
    sums = solve(rng, problem, noise)
    paragraphs = _paragraphs(rng, problem, sums, slips)
    if noise == "loop":
        paragraphs = [*paragraphs[:-1], *_loop(rng, sums)]
    pieces = [piece for paragraph in paragraphs for piece in _spaced(paragraph)]
    text, spans = _tile(pieces)
    if noise == "truncated":
        text = text[: int(len(text) * rng.uniform(0.3, 0.9))].rstrip()
        spans = [Span(span.role, span.start, min(span.end, len(text))) for span in spans if span.start < len(text)]
    ending = "" if noise in ("loop", "truncated") else CLOSE + final(sums)
    return LongTrace(OPEN + text + ending, tuple(spans), noise, tuple(sums))


def write_concise(rng: random.Random, problem: Problem, sums: Sequence[Sum], noise: Noise) -> str:
    """The same sums in short, right, wrong or incomplete like the long trace."""
    text = " ".join([f"Start with {problem.start}.", *(f"{item.text}." for item in sums)])
    if noise == "loop":
        return OPEN + text + f" {sums[-1].text}." * rng.randint(6, 12)
    if noise == "truncated":
        return OPEN + text[: int(len(text) * rng.uniform(0.3, 0.9))].rstrip()
    return OPEN + text + CLOSE + final(sums)


def final(sums: Sequence[Sum]) -> str:
    """The sentence after the think tags."""
    return f"The answer is \\boxed{{{sums[-1].after}}}."


def _paragraphs(rng: random.Random, problem: Problem, sums: list[Sum], slips: bool) -> list[list[Piece]]:
    filler = rng.choice(("early", "late", "both")) if rng.random() < 0.6 else "none"
    parts: list[list[Piece]] = [[("restate", _fill(rng, RESTATE, problem))]]
    if filler in ("early", "both"):
        parts.append([("filler", rng.choice(FILLER))])
    parts.append(_main(rng, problem, sums, slips and rng.random() < 0.35))
    if rng.random() < 0.7:
        parts.append([("check", _check(rng, sums))])
    if filler in ("late", "both"):
        parts.append([("filler", rng.choice(FILLER))])
    if rng.random() < 0.6:
        parts.append([("alternative", _alternative(rng, problem, sums))])
    if rng.random() < 0.35:
        parts.append([("redo", _redo(rng, problem, sums))])
    parts.append([("conclusion", _fill(rng, CONCLUSIONS, problem, sums))])
    return parts


def _main(rng: random.Random, problem: Problem, sums: list[Sum], slipping: bool) -> list[Piece]:
    slip_at = rng.randrange(len(sums)) if slipping else -1
    counted = any(item.step is problem.distractor for item in sums)
    ignored_at = -1 if problem.distractor is None or counted else min(problem.place, len(sums))
    pieces: list[Piece] = [("main", _fill(rng, OPENINGS, problem))]
    for place, item in enumerate(sums):
        if place == ignored_at:
            pieces.append(("main", _ignored(rng, problem)))
        if place == slip_at:
            pieces += [("slip", _line(spoil(rng, item))), ("backtrack", rng.choice(BACKTRACKS))]
        pieces.append(("main", _line(item)))
    if ignored_at == len(sums):
        pieces.append(("main", _ignored(rng, problem)))
    return pieces


def _line(item: Sum) -> str:
    return f"{item.step.clause}, so {item.text}."


def _ignored(rng: random.Random, problem: Problem) -> str:
    clause = problem.distractor.clause if problem.distractor else ""
    return rng.choice(IGNORED).format(clause=clause, name=problem.name)


def _check(rng: random.Random, sums: Sequence[Sum]) -> str:
    verdict = rng.choice(("is right", "is correct", "holds"))
    return " ".join([rng.choice(CHECKS), *(f"{item.text} {verdict}." for item in sums)])


def _alternative(rng: random.Random, problem: Problem, sums: Sequence[Sum]) -> str:
    if rng.random() < 0.5:
        undone = [f"{item.undone}." for item in reversed(sums)]
        return " ".join([_fill(rng, BACKWARD, problem, sums), *undone, f"That is the {problem.start} at the start."])
    piles = ", then ".join(str(item.after) for item in sums)
    return f"{rng.choice(PILE)} It has {problem.start} {problem.item}, then {piles}."


def _redo(rng: random.Random, problem: Problem, sums: Sequence[Sum]) -> str:
    lines = [f"{item.step.clause}, which makes {item.text}." for item in sums]
    return " ".join([rng.choice(REDO), f"{problem.name} has {problem.start}.", *lines])


def _loop(rng: random.Random, sums: Sequence[Sum]) -> list[list[Piece]]:
    body = " ".join(f"{item.text}." for item in sums)
    return [[("check", f"{rng.choice(LOOPS)} {body}")] for _ in range(rng.randint(4, 7))]


def _fill(rng: random.Random, phrases: Sequence[str], problem: Problem, sums: Sequence[Sum] = ()) -> str:
    end = sums[-1].after if sums else 0
    return rng.choice(phrases).format(name=problem.name, item=problem.item, start=problem.start, end=end)


def _spaced(paragraph: Sequence[Piece]) -> list[Piece]:
    ends = [" "] * (len(paragraph) - 1) + ["\n\n"]
    return [(role, text + end) for (role, text), end in zip(paragraph, ends, strict=True)]


def _tile(pieces: Sequence[Piece]) -> tuple[str, list[Span]]:
    spans: list[Span] = []
    at = 0
    for role, text in pieces:
        spans.append(Span(role, at, at + len(text)))
        at += len(text)
    text = "".join(text for _, text in pieces).rstrip()
    last = spans[-1]
    return text, [*spans[:-1], Span(last.role, last.start, len(text))]
