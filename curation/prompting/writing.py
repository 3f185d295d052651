"""Writing a solution by a model: in one go, from an outline, or step by step; each way is a talk.

From an outline (Long CoT Collection, system 29): how many steps, one line for each, then every line written out by a
call that sees that line, the next one and the text so far, but no later line; a last call states the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from typing import Any

from curation.models import Completion, Request
from curation.prompting.prompts import chat
from curation.prompting.replies import unusable
from curation.prompting.talks import Talk, Unusable
from curation.texts.think import OPEN, Thought, split_final, split_think

NOTHING, LAST = "(nothing yet)", "(none: this is the last step)"
NUMBERED = re.compile(r"^[ \t*#>-]*(?:step[ \t]*)?\d+[ \t]*[.):][ \t*]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
ANSWER = re.compile(r"^[ \t*#>]*(?:the[ \t]+)?(?:final[ \t]+)?answer[ \t*]*(?::|\bis\b)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """A solution; `closed` is None where no think tag was opened, False where it was cut off or never closed."""

    reasoning: str
    answer: str = ""
    closed: bool | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """How one sample is asked for: the sampling of its requests, and what every prompt may name."""

    sampling: Request
    slots: Mapping[str, object]

    def of(self, prompt: str, prefix: str = "", **slots: object) -> Request:
        """The request of a prompt."""
        return replace(self.sampling, prompt=chat(prompt, {**self.slots, **slots}), prefix=prefix)


def write_freely(asking: Asking, prompt: str, prefix: str = "", first: str = "") -> Talk[Written]:
    """One answer that goes on from the prefix.

    With `first`, a prompt, the first paragraph of what that one is answered is added to the prefix: the first-thought
    prefix of agent distillation (system 10).
    """
    if first:
        told = said((yield asking.of(first)), whole=False)
        prefix += re.split(r"\n[ \t]*\n", told)[0].strip() + "\n\n"
    completion = yield asking.of(prompt, prefix)
    _check(completion, whole=False)
    return replace(solution(completion, prefix), notes={"prefix": prefix} if prefix else {})


def write_by_outline(asking: Asking, prompts: Mapping[str, str], steps: int, most: int, share: float) -> Talk[Written]:
    """A plan of so many steps (0: the model says how many), of which the first `share` is written out."""
    if not steps:
        steps = read_count(said((yield asking.of(prompts["count"]))), most)
    outline = read_outline(said((yield asking.of(prompts["outline"], steps=steps))), most)
    kept = outline[: ceil(Fraction(str(share)) * len(outline))]
    notes = {"outline": outline, "budget": share, "steps": len(kept)}
    parts: list[str] = []
    for step, following in zip(kept, [*kept[1:], LAST], strict=True):
        completion = yield asking.of(prompts["step"], so_far=_so_far(parts), step=step, next=following)
        parts.append(said(completion, whole=False))
        if completion.finish_reason == "length":
            return Written(_joined(parts), closed=False, notes=notes)
    completion = yield asking.of(prompts["answer"], so_far=_so_far(parts))
    return _concluded(parts, completion, notes)


def write_stepwise(asking: Asking, prompts: Mapping[str, str], most: int) -> Talk[Written]:
    """One step a call, until a call states the answer or there are as many steps as allowed."""
    parts: list[str] = []
    for _ in range(most):
        completion = yield asking.of(prompts["next"], so_far=_so_far(parts))
        text = said(completion, whole=False)
        stated = next(ANSWER.finditer(text), None)
        before = text[: stated.start()].strip() if stated else text
        parts += [before] if before else []
        if stated or completion.finish_reason == "length":
            cut = completion.finish_reason == "length"
            answer = text[stated.start() :].strip() if stated and not cut else ""
            return Written(_joined(parts), answer, False if cut else None, {"steps": len(parts)})
    completion = yield asking.of(prompts["answer"], so_far=_so_far(parts))
    return _concluded(parts, completion, {"steps": len(parts)})


def solution(completion: Completion, prefix: str = "") -> Written:
    """Reasoning and answer of an answer that went on from a prefix; one that was cut off has no answer."""
    text, cut = prefix + completion.text, completion.finish_reason == "length"
    if completion.reasoning.strip():
        begun = OPEN.sub("", prefix) if OPEN.match(prefix.lstrip()) else ""
        after = completion.text if begun or not prefix else text
        thought = Thought((begun + completion.reasoning).strip(), after.strip(), bool(after.strip()))
    else:
        thought = split_think(text)
    if cut and thought.closed is None:
        return Written(text.strip(), closed=False)
    if cut:
        return Written("\n\n".join(filter(None, (thought.reasoning, thought.answer))), closed=False)
    if not thought.reasoning:  # an empty think block: the answer is the solution
        return Written(*split_final("\n\n".join(filter(None, (thought.before, thought.answer)))))
    before = "\n\n".join(filter(None, (thought.before, thought.reasoning)))
    return Written(before, thought.answer, thought.closed)


def said(completion: Completion, whole: bool = True) -> str:
    """What a model said in answer, without its thinking; Unusable where that is nothing."""
    _check(completion, whole)
    thought = Thought("", completion.text.strip(), True) if completion.reasoning else split_think(completion.text)
    text = completion.text.strip() if thought.closed is None else thought.answer
    if not text:
        raise Unusable("empty: the model thought, and said nothing")
    return text


def read_count(text: str, most: int) -> int:
    """The first number above 0 of an answer, at most `most`."""
    for found in re.findall(r"\d+", text):
        if int(found):
            return min(int(found), most)
    raise Unusable("unreadable: no number of steps in the answer")


def read_outline(text: str, most: int) -> list[str]:
    """The numbered lines of an answer, at most `most`."""
    found = [line.strip() for line in NUMBERED.findall(text)][:most]
    if not found:
        raise Unusable("unreadable: no numbered steps in the answer")
    return found


def _check(completion: Completion, whole: bool) -> None:
    reason = unusable(completion, whole)
    if reason:
        raise Unusable(reason)


def _concluded(parts: list[str], completion: Completion, notes: Mapping[str, Any]) -> Written:
    """The steps and the answer they came to; an answer that was cut off is none."""
    text = said(completion, whole=False)
    if completion.finish_reason == "length":
        return Written(_joined([*parts, text]), closed=False, notes=notes)
    return Written(_joined(parts), text, notes=notes)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(parts)


def _so_far(parts: list[str]) -> str:
    return _joined(parts) or NOTHING
