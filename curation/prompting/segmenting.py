"""Splitting a reasoning by a model: the parts it names, or copies, as spans of the text, and whether it kept the text.

Sentence numbers cost a few tokens a part and cannot change the text. Where a prompt asks for the text itself, what
comes back is laid over the original by sentences, and taken only if it passes DLCoT's fidelity gate.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, Literal, NamedTuple, get_args

from curation.asker import Asker
from curation.models import Request
from curation.operator import Failure
from curation.prompting.asking import asked
from curation.prompting.prompts import chat, slots_in
from curation.texts.splitting import Span, paragraphs
from curation.trace import Kind, Segment, Trace

PARTS: tuple[Kind, ...] = ("restate", "plan", "attempt", "check", "answer")  # DLCoT's five
TOKEN = re.compile(r"\w+|[^\w\s]")


class Gate(NamedTuple):
    """The least likeness between a text and its copy; one of both is enough (DLCoT)."""

    ratio: float = 0.90
    jaccard: float = 0.95


class Fidelity(NamedTuple):
    """How alike a text and its copy are, by characters and by tokens."""

    ratio: float
    jaccard: float

    def passes(self, gate: Gate) -> bool:
        """Whether the copy can stand for the text."""
        return self.ratio >= gate.ratio or self.jaccard >= gate.jaccard


class Split(NamedTuple):
    """The segments a model's parts make of a reasoning, how well its text was kept, and what became of them."""

    segments: tuple[Segment, ...] | None
    fidelity: Fidelity | None
    verdict: Literal["accepted", "repaired", "not repaired", "loses text", "unreadable"] = "accepted"

    def scores(self) -> dict[str, float | str | None]:
        """What is told of the split beside its segments."""
        ratio, jaccard = self.fidelity or (None, None)
        return {"split_ratio": ratio, "split_jaccard": jaccard, "split_verdict": self.verdict}


UNREADABLE = Split(None, None, "unreadable")


class Asking(NamedTuple):
    """Who splits, in which words, and what is taken."""

    asker: Asker
    model: str
    prompt: str
    repair_prompt: str
    max_new_tokens: int
    gate: Gate


def split_all(traces: Sequence[Trace], how: Asking) -> list[Split | Failure]:
    """Split each reasoning, refuse what lost text, then complete a last attempt that stops short (DLCoT step 4)."""
    requests = [split_request(trace, how.prompt, how.max_new_tokens) if trace.reasoning else None for trace in traces]
    said = asked(how.asker, how.model, traces, requests)
    found = [
        one if isinstance(one, Failure) else split_of(trace, one, how.gate)
        for trace, one in zip(traces, said, strict=True)
    ]
    return _repair_all(traces, found, how) if how.repair_prompt else found


def _repair_all(traces: Sequence[Trace], found: list[Split | Failure], how: Asking) -> list[Split | Failure]:
    requests = [
        repair_request(trace, one.segments, how.repair_prompt, how.max_new_tokens)
        if isinstance(one, Split) and one.segments and to_repair(one.segments)
        else None
        for trace, one in zip(traces, found, strict=True)
    ]
    said = asked(how.asker, how.model, traces, requests)
    return [_completed(one, reply) for one, reply in zip(found, said, strict=True)]


def _completed(split: Split | Failure, said: dict[str, Any] | Failure | None) -> Split | Failure:
    if said is None or isinstance(split, Failure):
        return split
    return said if isinstance(said, Failure) else repaired(split, said)


def pieces(trace: Trace) -> list[Span]:
    """The sentences of the reasoning, tiling it."""
    return [span for listed in paragraphs(trace.reasoning, "sentence") for span in listed]


def numbered(texts: Sequence[str]) -> str:
    """Texts with their numbers, from 1."""
    return "\n".join(f"[{number}] {text.strip()}" for number, text in enumerate(texts, 1))


def split_request(trace: Trace, prompt: str, max_new_tokens: int) -> Request:
    """Ask for the parts, by the first sentence of each or by their text, as the prompt's slots say."""
    listed = numbered([trace.reasoning[start:stop] for start, stop in pieces(trace)])
    slots = {"question": trace.question, "sentences": listed, "reasoning": trace.reasoning}
    return Request(chat(prompt, slots), max_new_tokens, json_schema=_schema(by_number(prompt)))


def by_number(prompt: str) -> bool:
    """Whether a prompt shows numbered sentences, so that parts are named by their first one."""
    return "sentences" in slots_in(prompt)


def _schema(numbers: bool) -> str:
    begins = ("from", "integer") if numbers else ("text", "string")
    part = {"kind": {"enum": list(PARTS)}, begins[0]: {"type": begins[1]}}
    item = {"type": "object", "properties": part, "required": list(part)}
    parts = {"type": "array", "items": item}
    return json.dumps({"type": "object", "properties": {"parts": parts}, "required": ["parts"]})


def split_of(trace: Trace, said: Mapping[str, Any] | None, gate: Gate = Gate()) -> Split:  # noqa: B008  (a tuple)
    """What an answer makes of the reasoning; no segments where it cannot be read or lost text."""
    if said is None:
        return Split((), None)
    listed = said.get("parts")
    if not isinstance(listed, list) or not listed or not all(_is_part(part) for part in listed):
        return UNREADABLE
    if not all(isinstance(part.get("text"), str) for part in listed):
        return _counted(trace, listed)
    copied = [(part["kind"], part["text"]) for part in listed]
    kept = fidelity(trace.reasoning, "\n".join(text for _, text in copied))
    return Split(_laid_over(trace, copied), kept) if kept.passes(gate) else Split(None, kept, "loses text")


def _is_part(part: object) -> bool:
    return isinstance(part, dict) and part.get("kind") in get_args(Kind)


def _counted(trace: Trace, listed: Sequence[Mapping[str, Any]]) -> Split:
    """Parts by the number of their first sentence, which has to grow from 1."""
    spans, firsts = pieces(trace), [part.get("from") for part in listed]
    numbers = [number for number in firsts if isinstance(number, int) and not isinstance(number, bool)]
    rising = all(before < after for before, after in pairwise(numbers))
    if len(numbers) < len(firsts) or not rising or numbers[0] != 1 or numbers[-1] > len(spans):
        return UNREADABLE
    edges = [spans[number - 1][0] for number in numbers] + [len(trace.reasoning)]
    named = zip(listed, pairwise(edges), strict=True)
    return Split(tuple(Segment(*span, part["kind"]) for part, span in named), Fidelity(1.0, 1.0))


def _laid_over(trace: Trace, copied: Sequence[tuple[Kind, str]]) -> tuple[Segment, ...]:
    """Parts by their text: each sentence of the reasoning goes to the part its copy stands in.

    A sentence without a copy goes with the one before it; alignment keeps the order, so the spans tile the reasoning.
    """
    spans = pieces(trace)
    own = [_plain(trace.reasoning[start:stop]) for start, stop in spans]
    theirs = [
        (number, _plain(text[start:stop]))
        for number, (_, text) in enumerate(copied)
        for listed in paragraphs(text, "sentence")
        for start, stop in listed
    ]
    matcher = SequenceMatcher(None, own, [text for _, text in theirs], autojunk=False)
    place = {a + step: theirs[b + step][0] for a, b, size in matcher.get_matching_blocks() for step in range(size)}
    numbers = [place.get(0, min(place.values(), default=0))]
    for at in range(1, len(spans)):
        numbers.append(place.get(at, numbers[-1]))
    return _joined(spans, numbers, copied)


def _joined(spans: Sequence[Span], numbers: Sequence[int], copied: Sequence[tuple[Kind, str]]) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for at, ((start, stop), number) in enumerate(zip(spans, numbers, strict=True)):
        if at and number == numbers[at - 1]:
            found[-1] = Segment(found[-1].start, stop, found[-1].kind)
        else:
            found.append(Segment(start, stop, copied[number][0]))
    return tuple(found)


def fidelity(text: str, copy: str) -> Fidelity:
    """How alike a text and its copy are; white space does not count.

    Tokens are counted (ours): as a set, a text that says things twice would lose none of them with a fifth of itself.
    """
    left, right = _plain(text), _plain(copy)
    one, other = Counter(TOKEN.findall(left)), Counter(TOKEN.findall(right))
    either = (one | other).total()
    return Fidelity(
        SequenceMatcher(None, left, right, autojunk=False).quick_ratio(),
        (one & other).total() / either if either else 1.0,
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def to_repair(segments: Sequence[Segment]) -> range:
    """The checks that follow the last attempt directly: its own place first; empty where there is nothing to move."""
    last = max((at for at, one in enumerate(segments) if one.kind == "attempt"), default=None)
    if last is None:
        return range(0)
    stop = next((at for at in range(last + 1, len(segments)) if segments[at].kind != "check"), len(segments))
    return range(last, stop) if stop > last + 1 else range(0)


def repair_request(trace: Trace, segments: Sequence[Segment], prompt: str, max_new_tokens: int) -> Request:
    """Ask whether the last attempt answers the question, or how many of the checks behind it complete it."""
    texts = [trace.reasoning[segments[at].start : segments[at].stop] for at in to_repair(segments)]
    slots = {"question": trace.question, "solution": texts[0].strip(), "checks": numbered(texts[1:])}
    schema = {"type": "object", "properties": {"needs": {"type": "integer"}}, "required": ["needs"]}
    return Request(chat(prompt, slots), max_new_tokens, json_schema=json.dumps(schema))


def repaired(split: Split, said: Mapping[str, Any]) -> Split:
    """The split with the checks an answer names made part of the last attempt."""
    segments = split.segments or ()
    needs, places = said.get("needs"), to_repair(segments)
    if not isinstance(needs, int) or isinstance(needs, bool) or not 0 <= needs < len(places):
        return split._replace(verdict="not repaired")
    if needs == 0:
        return split
    first, last = places[0], places[needs]
    whole = Segment(segments[first].start, segments[last].stop, "attempt")
    return split._replace(segments=(*segments[:first], whole, *segments[last + 1 :]), verdict="repaired")
