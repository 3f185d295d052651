"""What a reference must be to give soft labels: of the student's vocabulary, and asked in its own way where wished."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from curation.backends.transformers_model import Loaded
from curation.errors import UserError
from curation.models import ask
from curation.rendering import render_chat
from curation.trace import Trace
from training.objective import Task
from training.rows.data import Rendered

RESERVED = ("question", "instruction")  # a row's own field of that name is not the slot
SLOT = re.compile(r"(?<![\w\\}])\{([a-z_]\w+)\}")  # not the braces of \boxed{answer}


def require_same_vocabulary(name: str, mentor: Loaded, student: Loaded) -> None:
    """UserError unless a token means the same to both."""
    given, wanted = mentor.tokenizer.get_vocab(), student.tokenizer.get_vocab()
    if given != wanted:
        other = sum(wanted.get(token) != number for token, number in given.items())
        raise UserError(
            f"The reference '{name}' has a vocabulary of {len(given):,} tokens, {other:,} of them unknown to the "
            f"student or numbered otherwise, and the student one of {len(wanted):,}; soft labels need the same "
            "tokenizer: choose a reference of the student's family."
        )


def prompts(task: Task, rows: Sequence[Rendered], instruction: str, reader: Loaded) -> list[list[int]]:
    """The tokens of the reference's prompt for every row; UserError where a slot is not filled or a row too long."""
    traces = {trace.id: trace for trace in task.traces}
    found = [_prompt(task.student, traces[row.trace_id], instruction) for row in rows]
    longest = max(len(prompt) + row.kept - row.n_prompt for prompt, row in zip(found, rows, strict=True))
    room = reader.model.config.get_text_config().max_position_embeddings
    if longest > room:
        raise UserError(
            f"With its reference_prompt the longest row has {longest:,} tokens and the reference reads {room:,}; "
            "shorten the prompt or lower max_length."
        )
    return found


def _prompt(student: Loaded, trace: Trace, instruction: str) -> list[int]:
    fields = {**json.loads(trace.extra), "reference": trace.problem.reference}
    slots = {name: value for name, value in fields.items() if value is not None and name not in RESERVED}
    missing = [name for name in SLOT.findall(instruction) if name != "question" and name not in slots]
    if missing:
        known = ", ".join(["question", *slots])
        raise UserError(
            f"The reference_prompt asks for {{{missing[0]}}}, which trace {trace.id} has not; it has: {known}."
        )
    asked = ask(trace.question, instruction, **slots)[0]["content"]
    chat = render_chat(student.tokenizer, replace(trace, problem=replace(trace.problem, question=asked)))
    return chat.token_ids[: chat.n_prompt]
