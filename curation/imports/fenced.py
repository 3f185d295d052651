"""Outputs that are JSON in a code fence, `{"reasoning": "...", "answer": "..."}`, as some benchmarks ask for.

Models write raw line breaks and LaTeX backslashes into such JSON, so it is read leniently.
"""

import re

from curation.texts.think import OPEN, Thought, first_tag, split_think

OBJECT = re.compile(r"\A\s*(?:```(?:json)?\s*)?\{\s*\"reasoning\"\s*:\s*\"", re.IGNORECASE)
ANSWER = re.compile(r"\"\s*,\s*\"answer\"\s*:\s*")
ESCAPE = re.compile(r'\\(["\\/]|n(?![a-z]{2}))')  # \n begins \nabla and \neq as often as it means a new line
END = "` \r\n\t}"


def split_output(text: str, question: str = "") -> Thought:
    """Reasoning and answer of an output: fenced JSON, think tags (after an echoed question), or plain text."""
    fenced = _fenced(text)
    if fenced is not None:
        return fenced
    echo = _echo(text, question)
    if not echo:
        return split_think(text)
    thought = split_think(text[echo:])
    return thought._replace(before="\n".join(filter(None, (text[:echo].strip(), thought.before))))


def _echo(text: str, question: str) -> int:
    """Where an echoed prompt, which may speak of think tags itself, ends; 0 where the output echoes none."""
    place = text.find(question) if question and "<" in text else -1  # without < there is no tag
    end = place + len(question)
    if place < 0 or OPEN.match(text.lstrip()) or not first_tag(OPEN, text, end):
        return 0
    return end


def _fenced(text: str) -> Thought | None:
    opened = OBJECT.match(text)
    if opened is None:
        return None
    answers = list(ANSWER.finditer(text, opened.end()))
    if not answers:
        return None
    answer = text[answers[-1].end() :].rstrip(END).strip().strip('"')
    return Thought(_decode(text[opened.end() : answers[-1].start()]).strip(), _decode(answer).strip(), None)


def _decode(text: str) -> str:
    return ESCAPE.sub(lambda match: "\n" if match.group(1) == "n" else match.group(1), text)
