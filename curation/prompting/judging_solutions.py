"""What a model says of the solutions in a reasoning: how they end, where they err, which are alike."""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from curation.asker import Asker
from curation.models import Request
from curation.operator import Dropped, Failure
from curation.prompting.asking import asked
from curation.prompting.prompts import chat
from curation.prompting.segmenting import numbered
from curation.texts.solutions import Deconstructed, Judged, Label, Unit, solutions, text_of, units
from curation.texts.splitting import Span
from curation.trace import Trace

UNKNOWN = "not known"  # in the place of a reference
Labels = dict[int, Judged] | Failure | None


class Asking(NamedTuple):
    """Who is asked, in which words, and how long the answer may be."""

    asker: Asker
    model: str
    prompt: str
    max_new_tokens: int


def label_all(traces: Sequence[Trace], found: Sequence[Sequence[Unit]], how: Asking) -> list[Labels]:
    """What is said of each trace's solutions; where there is none nothing is asked."""
    requests = [
        label_request(trace, listed, how.prompt, how.max_new_tokens) if solutions(listed) else None
        for trace, listed in zip(traces, found, strict=True)
    ]
    said = asked(how.asker, how.model, traces, requests)
    return [
        one if isinstance(one, Failure) else judged(trace, listed, one)
        for trace, listed, one in zip(traces, found, said, strict=True)
    ]


def cluster_all(
    traces: Sequence[Trace], found: Sequence[Sequence[Unit]], how: Asking
) -> list[list[int] | Failure | None]:
    """The approach of each trace's units; nothing is asked where there are not two."""
    requests = [
        cluster_request(trace, listed, how.prompt, how.max_new_tokens) if len(listed) > 1 else None
        for trace, listed in zip(traces, found, strict=True)
    ]
    said = asked(how.asker, how.model, traces, requests)
    return [
        one if isinstance(one, Failure) else clusters(listed, one) for listed, one in zip(found, said, strict=True)
    ]


def deconstruct(traces: Sequence[Trace], how: Asking, label_prompt: str) -> list[Deconstructed | Failure | Dropped]:
    """The approach of each solution and check and, with a prompt for them, the labels of the solutions."""
    found = [units(trace) for trace in traces]
    groups = cluster_all(traces, found, how)
    labels: list[Labels] = [{} for _ in traces]
    if label_prompt:
        labels = label_all(traces, found, how._replace(prompt=label_prompt))
    return [_deconstructed(*row) for row in zip(traces, found, groups, labels, strict=True)]


def _deconstructed(
    trace: Trace, found: list[Unit], groups: list[int] | Failure | None, labels: Labels
) -> Deconstructed | Failure | Dropped:
    if not trace.segments:
        return Dropped(trace.id, "its segments are unknown")
    if isinstance(groups, Failure):
        return groups
    if isinstance(labels, Failure):
        return labels
    if groups is None or labels is None:
        name = "group" if groups is None else "label"
        return Failure(trace.id, f"unreadable: the answer does not {name} all of what was listed")
    return Deconstructed(found, groups, labels)


def label_request(trace: Trace, found: Sequence[Unit], prompt: str, max_new_tokens: int) -> Request:
    """Ask how each solution ends and where it errs."""
    listed = numbered([text_of(trace, found[place]) for place in solutions(found)])
    slots = {"question": trace.question, "reference": trace.problem.reference or UNKNOWN, "solutions": listed}
    fields = {"n": {"type": "integer"}, "label": {"enum": list(get_args(Label))}, "error": {"type": "string"}}
    item = {"type": "object", "properties": fields, "required": list(fields)}
    return Request(chat(prompt, slots), max_new_tokens, json_schema=_list_of("solutions", item))


def judged(trace: Trace, found: Sequence[Unit], said: dict[str, Any] | None) -> dict[int, Judged] | None:
    """What is said of each solution by the place of its unit; None where one has no label that can be read."""
    places, labels = solutions(found), dict[int, Judged]()
    listed = said.get("solutions") if said is not None else []
    for one in listed if isinstance(listed, list) else []:
        known = isinstance(one, dict) and one.get("label") in get_args(Label) and _counts(one.get("n"), len(places))
        if known:
            place = places[one["n"] - 1]
            labels[place] = Judged(one["label"], _found(trace, found[place], one.get("error")))
    return labels if set(labels) == set(places) else None


def cluster_request(trace: Trace, found: Sequence[Unit], prompt: str, max_new_tokens: int) -> Request:
    """Ask which solutions and checks take the same approach."""
    slots = {"question": trace.question, "solutions": numbered([text_of(trace, unit) for unit in found])}
    item = {"type": "array", "items": {"type": "integer"}}
    return Request(chat(prompt, slots), max_new_tokens, json_schema=_list_of("groups", item))


def clusters(found: Sequence[Unit], said: dict[str, Any] | None) -> list[int] | None:
    """The number of each unit's approach, in the order they appear; None unless every unit is in one group."""
    if said is None:
        return [1] * len(found)
    listed = said.get("groups")
    groups = listed if isinstance(listed, list) and all(isinstance(group, list) for group in listed) else []
    numbers = [number for group in groups for number in group]
    whole = all(_counts(number, len(found)) for number in numbers) and sorted(numbers) == [*range(1, len(found) + 1)]
    if not whole:
        return None
    ordered = sorted((group for group in groups if group), key=min)
    return [next(n for n, group in enumerate(ordered, 1) if place in group) for place in range(1, len(found) + 1)]


def _counts(number: object, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= most


def _found(trace: Trace, unit: Unit, quote: object) -> tuple[Span, ...]:
    """Where a quote stands in a solution, however its words are spaced; nowhere when it is not in it."""
    words = quote.split() if isinstance(quote, str) else []
    if not words:
        return ()
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    matches = (pattern.search(trace.reasoning, span.start, span.stop) for span in unit)
    return next(((match.span(),) for match in matches if match), ())


def _list_of(name: str, item: dict[str, Any]) -> str:
    return json.dumps({"type": "object", "properties": {name: {"type": "array", "items": item}}, "required": [name]})
