"""Reading what a model wrote: JSON among other words, delimited sections, and why an answer is of no use."""

import json
from typing import Any

from curation.models import Completion


def unusable(completion: Completion, whole: bool = True) -> str | None:
    """Why an answer cannot be used: it failed, was withheld, is empty or, where it has to be whole, was cut off."""
    if completion.failure is not None:
        return f"{completion.cause}: {completion.failure}"
    if completion.finish_reason == "filtered":
        return "filtered: the server withheld the answer"
    if not (completion.text + completion.reasoning).strip():
        return "empty: the model wrote nothing"
    if whole and completion.finish_reason == "length":
        return f"cut off: the answer reached its limit of {completion.n_tokens} tokens"
    return None


def json_of(text: str) -> dict[str, Any] | None:
    """The last JSON object of a text, fenced or among other words; None where there is none."""
    found, place = None, text.find("{")
    while place >= 0:
        stop = place + 1
        try:
            value, stop = json.JSONDecoder().raw_decode(text, place)
            found = value if isinstance(value, dict) else found
        except (ValueError, RecursionError):
            pass
        place = text.find("{", stop)
    return found


def section(text: str, opened: str, closed: str) -> str | None:
    """What stands between two marks, the last such pair; None where one of them is missing."""
    _, found, rest = text.rpartition(opened)
    if not found:
        return None
    inside, ended, _ = rest.partition(closed)
    return inside.strip() if ended else None
