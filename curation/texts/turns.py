r"""Turns of a conversation as imports write them into the reasoning: "speaker: text", a blank line between two.

"assistant: search[x]\n\nuser: Observation: y\n\nassistant: so it is z"  ->  three turns
"""

import re
from typing import NamedTuple

ASSISTANT = ("assistant", "gpt", "model", "bot", "chatgpt")
SYSTEM = ("system", "developer")
OBSERVATIONS = ("tool", "function", "observation", "tool-response", "tool-call", "function_call", "ipython")
PEOPLE = ("user", "human")
SPEAKER = re.compile(rf"(?:\A|\n\n)({'|'.join((*ASSISTANT, *SYSTEM, *OBSERVATIONS, *PEOPLE))}): ?")


class Turn(NamedTuple):
    """Whether the assistant speaks, and the span of what is said."""

    assistant: bool
    start: int
    stop: int


def turns(reasoning: str) -> list[Turn]:
    """The turns of a conversation; none where the text does not begin with a speaker."""
    marks = list(SPEAKER.finditer(reasoning))
    if not marks or marks[0].start() > 0:
        return []
    stops = [*(mark.start() for mark in marks[1:]), len(reasoning)]
    return [Turn(mark.group(1) in ASSISTANT, mark.end(), stop) for mark, stop in zip(marks, stops, strict=True)]
