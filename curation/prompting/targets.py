"""What a rewrite can be made for: the shipped prompt of each target, what fills its slots, and the aims of a trace."""

from collections.abc import Mapping
from typing import Any, Literal

from curation.prompting.prompts import shipped, texts
from curation.prompting.rewriting import LEVELS, Level
from curation.trace import Trace

Target = Literal["difficulty", "budget", "level", "format", "coherence", "language", "free"]
Format = Literal["two_sections", "least_to_most", "rephrase", "symbolic"]
OPERATOR = "rewrite"
SLOTS = (
    "question", "reasoning", "answer", "reference", "difficulty", "target_tokens", "easy_tokens", "medium_tokens",
    "hard_tokens", "level", "language",
)  # fmt: skip
REQUIRED: dict[str, tuple[str, ...]] = {
    "difficulty": ("easy_tokens", "medium_tokens", "hard_tokens"),
    "length": ("target_tokens",),
    "budget": ("target_tokens",),
    "level": ("level",),
    "language": ("language",),
}
# those of MGSM, on which xCoT is evaluated; any other language is asked for by its code
LANGUAGES = {
    "bn": "Bengali", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "ja": "Japanese",
    "ru": "Russian", "sw": "Swahili", "te": "Telugu", "th": "Thai", "zh": "Chinese",
}  # fmt: skip


def prompt_of(target: str, difficulty_from: str, format: str) -> str:
    """The name of the shipped prompt for a target."""
    if target == "difficulty" and difficulty_from != "model":
        return "length"
    return format if target == "format" else target


def following(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a step in which a shipped prompt nobody touched is the one of the target."""
    names = {"target": "difficulty", "difficulty_from": "model", "format": "two_sections"}
    name = prompt_of(**{field: str(values.get(field, default)) for field, default in names.items()})
    known = texts(OPERATOR)
    untouched = values.get("prompt") is None or values["prompt"] in known.values()
    return {**values, "prompt": shipped(OPERATOR, name)} if untouched and name in known else dict(values)


def required(name: str) -> tuple[str, ...]:
    """The slots that a prompt for the same purpose as this shipped one has to have."""
    return ("question", "reasoning", *REQUIRED.get(name, ()))


def filled(trace: Trace, value: int | str | None, lengths: Mapping[Level, int]) -> dict[str, object]:
    """What stands in the slots for a rewrite to this difficulty, budget, level or language."""
    by_level: dict[str, object] = {f"{level}_tokens": lengths[level] for level in LEVELS}
    return {
        "question": trace.question, "reasoning": trace.reasoning, "answer": trace.answer,
        "reference": trace.problem.reference or "", "difficulty": value, "level": value,
        "target_tokens": lengths[value] if value in LEVELS else value,
        "language": LANGUAGES.get(str(value), str(value)), **by_level,
    }  # fmt: skip
