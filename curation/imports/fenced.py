"""Outputs that are JSON in a code fence, `{"reasoning": "...", "answer": "..."}`, as some benchmarks ask for.

Models write raw line breaks and LaTeX backslashes into such JSON, so it is read leniently.
"""

import re

from curation.imports.think import Thought, split_think

OBJECT = re.compile(r"\A\s*(?:```(?:json)?\s*)?\{\s*\"reasoning\"\s*:\s*\"", re.IGNORECASE)
ANSWER = re.compile(r"\"\s*,\s*\"answer\"\s*:\s*")
ESCAPE = re.compile(r'\\(["\\/]|n(?![a-z]{2}))')  # \n begins \nabla and \neq as often as it means a new line
END = "` \r\n\t}"


def split_output(text: str, question: str = "") -> Thought:
    """Reasoning and answer of an output: fenced JSON, think tags (after an echoed question), or plain text."""
    fenced = _fenced(text)
    if fenced is not None:
        return fenced
    echo = text.find(question) + len(question) if question and question in text else 0
    thought = split_think(text[echo:])
    if not echo:
        return thought
    before = "\n".join(filter(None, (text[:echo].strip(), thought.before)))
    return thought._replace(before=before) if thought.closed is not None else split_think(text)


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
