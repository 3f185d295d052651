"""Asking for solutions of problems: which prompts may name what, and what becomes of the talks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from curation.asker import Asker
from curation.operator import Dropped, Failure
from curation.prompting.prompts import checked, slots_in
from curation.prompting.provenance import provenance
from curation.prompting.talks import Held, Talk, Unusable, hold
from curation.prompting.writing import Written
from curation.sandbox import SANDBOX
from curation.texts.programs import last_program
from curation.trace import Form, Problem, Trace, canonical_json

QUESTION, REFERENCE, SHOTS = "question", "reference", "shots"
OPENING = (QUESTION, REFERENCE, SHOTS)
# by prompt what it has to name, and what else it may
NEEDED = {
    "prompt": (QUESTION,),
    "first_prompt": (QUESTION,),
    "count_prompt": (QUESTION,),
    "outline_prompt": (QUESTION, "steps"),
    "step_prompt": ("step", "next", "so_far"),
    "next_prompt": (QUESTION, "so_far"),
    "answer_prompt": ("so_far",),
}
ALLOWED = {
    "prompt": OPENING,
    "first_prompt": OPENING,
    "count_prompt": OPENING,
    "outline_prompt": (*OPENING, "steps"),
    "step_prompt": (*OPENING, "step", "next", "so_far"),
    "next_prompt": (*OPENING, "so_far"),
    "answer_prompt": (QUESTION, "so_far"),
}
SLOTS = tuple(dict.fromkeys(name for names in ALLOWED.values() for name in names))
# by mode the prompts it asks with, the first of them the one that decides
PROMPTS = {
    "free": ("prompt", "first_prompt"),
    "outline": ("outline_prompt", "count_prompt", "step_prompt", "answer_prompt"),
    "stepwise": ("next_prompt", "answer_prompt"),
}


class Sample(NamedTuple):
    """A trace to be written: its number among the problem's, the talk it comes from, and what is noted of it."""

    problem: Problem
    form: Form
    number: int
    talk: Talk[Written]
    notes: Mapping[str, Any]


def fitting(name: str, text: str, gold: str | None) -> str:
    """The text of a prompt field; ValueError where a slot is missing, not filled there, or gives the answer away."""
    if name == "first_prompt" and not text:
        return text
    checked(text, NEEDED[name])
    named = set(slots_in(text)) & set(SLOTS)
    if REFERENCE in named and gold == "hidden":
        raise ValueError(
            "the prompt names {reference} while gold is hidden, a leak of the answer: set gold to visible, or take "
            "the slot out"
        )
    if wrong := sorted(named - set(ALLOWED[name])):
        raise ValueError(f"the prompt names {{{wrong[0]}}}, which is not known there; known: {_listed(ALLOWED[name])}")
    return text


def named_by(texts: Iterable[str], slot: str) -> None:
    """ValueError where none of the prompts names a slot that a parameter fills."""
    if not any(slot in slots_in(text) for text in texts):
        cause = "gold is visible" if slot == REFERENCE else f"{slot} are asked for"
        raise ValueError(f"{cause}, but no prompt of this mode names {{{slot}}}")


def solve(samples: Mapping[str, Sequence[Sample]], model: str, asker: Asker) -> dict[str, list[Trace | str]]:
    """The traces of each row's samples, all asked for together; a text in a trace's place says why it is missing."""
    rows = [(row, sample) for row, found in samples.items() for sample in found]
    held = hold([sample.talk for _, sample in rows], [row for row, _ in rows], model, asker)
    made: dict[str, list[Trace | str]] = {row: [] for row in samples}
    for (row, sample), one in zip(rows, held, strict=True):
        made[row].append(_trace(sample, one, model, asker))
    return made


def became(trace: Trace, made: Sequence[Trace | str] | None, both: bool) -> list[Trace] | Failure | Dropped:
    """What becomes of a row: its new traces, with `both` the old one before them; None: there was nothing to show."""
    if made is None:
        return Dropped(trace.id, "no reference answer to show")
    written = [one for one in made if isinstance(one, Trace)]
    if not written:
        return Failure(trace.id, next(one for one in made if isinstance(one, str)))
    return [trace, *written] if both and (trace.reasoning or trace.answer) else written


def _trace(sample: Sample, held: Held[Written], model: str, asker: Asker) -> Trace | str:
    """The trace of a talk, or why there is none."""
    if isinstance(held.result, Unusable):
        return str(held.result)
    written = with_program(held.result) if sample.form == "pot" else held.result
    said = {**provenance(held.exchanges, model, asker), **sample.notes, **written.notes}
    texts, extra = (written.reasoning, written.answer), canonical_json({"generate": said})
    return Trace(sample.problem, *texts, model, sample.form, sample.number, written.closed, extra=extra)


def with_program(written: Written) -> Written:
    """A solution whose text is its reasoning, the program in it, and whose answer is what the program gives."""
    text = "\n\n".join(filter(None, (written.reasoning, written.answer)))
    program = last_program(text)
    found = SANDBOX.run(program) if program is not None and written.closed is not False else None
    value = found.value if found and found.value is not None else ""
    ending = "no program" if program is None else found.ending if found else "cut off"
    return replace(written, reasoning=text, answer=value, notes={**written.notes, "program": ending})


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
