"""Chat messages, also as ShareGPT `from` and `value`: one trace a conversation.

One assistant turn is an output with think tags or with `reasoning_content` beside it; of several, the last is the
answer and everything before it the reasoning, each turn under the name of its speaker.
"""

from curation.imports.layouts.base import Context, Converted, Solution, finish, json_text, read_problem, read_trace
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.values import Json, get, text
from curation.texts.think import split_think
from curation.texts.turns import ASSISTANT, OBSERVATIONS, SYSTEM
from curation.trace import Form

REASONING = "reasoning_content|reasoning|thinking"


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The trace of a conversation, or why it has none."""
    messages = [message for message in get(row, mapping.messages) or [] if isinstance(message, dict)]
    roles = list(map(speaker, messages))
    first = next((index for index, role in enumerate(roles) if role in ASSISTANT), len(messages))
    asked = [content(message) for message, role in zip(messages[:first], roles, strict=False) if role not in SYSTEM]
    question = text(get(row, mapping.question)) or "\n".join(filter(None, asked))
    problem = read_problem(row, mapping, context, question)
    if problem is None:
        return Converted(reasons=["no user message before the assistant's"])
    form = _form(messages[first:], mapping.form)
    trace = read_trace(problem, _solution(row, messages[first:], mapping), form, context)
    if trace is None:
        return Converted(reasons=["no assistant message with text"])
    told = [content(message) for message, role in zip(messages[:first], roles, strict=False) if role in SYSTEM]
    system = "\n".join(told)
    values = {"system": system, **row} if system else row
    return finish(values, mapping, Converted([trace]))


def speaker(message: Row) -> str:
    """The role of a message, in either spelling."""
    return text(get(message, "role|from")).lower()


def content(message: Row) -> str:
    """The text of a message, its tool calls as JSON."""
    calls, value = get(message, "tool_calls"), get(message, "content|value")
    if isinstance(value, list):
        value = [part for part in value if part not in _thoughts(message)]
    return "\n".join(filter(None, (text(value), json_text({"tool_calls": calls})))) if calls else text(value)


def _solution(row: Row, turns: list[Row], mapping: Mapping) -> Solution:
    model, correct = get(row, mapping.model), get(row, mapping.correct)
    if not turns:
        return Solution(model=model, correct=correct)
    if len(turns) == 1:
        return Solution(_reasoning(turns[0]), content(turns[0]), None, model, correct)
    last = turns[-1] if speaker(turns[-1]) in ASSISTANT else {}
    before = turns[:-1] if last else turns
    spoken = [f"{speaker(turn)}: {_spoken(turn)}" for turn in before]
    answer = split_think(content(last))
    thought = "\n".join(filter(None, (text(_reasoning(last)), "" if answer.closed is None else answer.reasoning)))
    spoken += [f"{speaker(last)}: {thought}"] if thought else []
    return Solution(
        "\n\n".join(spoken), None, content(last) if answer.closed is None else answer.answer, model, correct
    )


def _reasoning(message: Row) -> Json:
    return get(message, REASONING) or text(_thoughts(message))


def _thoughts(message: Row) -> list[Json]:
    parts = message.get("content")
    typed = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return [part for part in typed if part.get("type") in ("reasoning", "thinking")]


def _spoken(message: Row) -> str:
    return "\n".join(filter(None, (text(_reasoning(message)), content(message))))


def _observes(turn: Row) -> bool:
    return speaker(turn) not in ASSISTANT and content(turn).startswith("Observation")


def _form(turns: list[Row], form: Form) -> Form:
    if any(speaker(turn) in OBSERVATIONS or get(turn, "tool_calls") or _observes(turn) for turn in turns):
        return "agent"
    return "dialogue" if len(turns) > 1 and form == "cot" else form
