"""Asking for solutions of one problem: which prompts may name what, and the program a solution holds."""

from collections.abc import Iterable
from dataclasses import replace

from curation.prompting.prompts import checked, slots_in
from curation.prompting.writing import Written
from curation.sandbox import SANDBOX
from curation.texts.programs import last_program

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
