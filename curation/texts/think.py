"""Splitting a model's output into reasoning and answer at its think tags.

"<think>2 + 2 is 4</think> It is 4."  ->  Thought("2 + 2 is 4", "It is 4.", True)
"""

import re
import sys
from typing import NamedTuple

NAMES = r"think|thinking|thought|reasoning"
OPEN = re.compile(rf"<(?:{NAMES})>|<\|begin_of_thought\|>", re.IGNORECASE)
CLOSE = re.compile(rf"</(?:{NAMES})>|<\|end_of_thought\|>", re.IGNORECASE)
ANSWER_OPEN = re.compile(r"<answer>|<output>|<\|begin_of_solution\|>", re.IGNORECASE)
ANSWER_CLOSE = re.compile(r"</answer>|</output>|<\|end_of_solution\|>", re.IGNORECASE)
GSM8K_CHARS = 100  # ours: a longer text after #### is a heading's section, not a final answer


class Thought(NamedTuple):
    """Reasoning, answer, whether a think tag was closed (None: no tag), and the text before the first tag."""

    reasoning: str
    answer: str
    closed: bool | None
    before: str = ""


def split_think(text: str) -> Thought:
    """Reasoning from the first opening to the last closing tag; only tags and the whitespace beside them are lost."""
    first, last = first_tag(OPEN, text), _last_close(text)
    if first is None and last is None:
        head, final = split_final(text)
        return Thought(head, final, None)
    if first is None or (last is not None and first_tag(CLOSE, text, 0, first.start())):
        start, before = 0, ""  # the opening tag stood in the prompt
    else:
        start, before = first.end(), text[: first.start()].strip()
    if last is None or last.start() < start or first_tag(OPEN, text, last.end()):
        return Thought(text[start:].strip(), "", False, before)
    return Thought(text[start : last.start()].strip(), unwrap_answer(text[last.end() :]), True, before)


def split_final(text: str) -> tuple[str, str]:
    """A GSM8K solution as the text before `####` and the final answer; other texts whole."""
    if "#" not in text:  # looking for one character is many times faster
        return text.strip(), ""
    head, mark, final = text.rpartition("####")
    final = final.strip()
    if mark and final and "\n" not in final and len(final) <= GSM8K_CHARS:
        return head.strip(), final
    return text.strip(), ""


def unwrap_answer(text: str) -> str:
    """The answer without the tags around it."""
    text = text.strip()
    opened = ANSWER_OPEN.match(text)
    if opened is None:
        return text
    text = text[opened.end() :]
    closed = ANSWER_CLOSE.search(text)
    if closed is not None and closed.end() == len(text):
        text = text[: closed.start()]
    return text.strip()


def first_tag(tag: re.Pattern[str], text: str, start: int = 0, stop: int = sys.maxsize) -> re.Match[str] | None:
    """What `tag.search` finds; a tag begins with <, and looking for that alone is many times faster."""
    place = text.find("<", start, stop)
    while place >= 0:
        if found := tag.match(text, place, stop):
            return found
        place = text.find("<", place + 1, stop)
    return None


def _last_close(text: str) -> re.Match[str] | None:
    place = len(text)
    while (place := text.rfind("<", 0, place)) >= 0:
        if found := CLOSE.match(text, place):
            return found
    return None
