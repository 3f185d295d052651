"""What all layouts share: the problem of a row, one solution as a trace, the values nobody mapped."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import orjson

from curation.imports.fenced import split_output
from curation.imports.mapping import Mapping
from curation.imports.record import NESTED, Row
from curation.imports.values import Json, flag, get, text, text_at, used, with_options
from curation.texts.think import Thought, split_final
from curation.trace import Form, Problem, Trace, canonical_json

LAST_LINE = re.compile(r"\nA: ?(.+)\Z")  # how GSM8K's example solutions end
DUPLICATE_CHARS = 200  # ours: longer unmapped texts that repeat a mapped one are left out of `extra`


class Context(NamedTuple):
    """Where a row stands."""

    source: str
    line: int
    dataset: str


@dataclass
class Converted:
    """What a row became: traces, or a problem without solution, and the reasons of what could not be used."""

    traces: list[Trace] = field(default_factory=list)
    problem: Problem | None = None
    reasons: list[str] = field(default_factory=list)


NOTHING: Row = {}
NO_THOUGHT = Thought("", "", None)
Converter = Callable[[Row, Mapping, Context], Converted]


class Solution(NamedTuple):
    """The raw values of one solution."""

    reasoning: Json = None
    output: Json = None
    answer: Json = None
    model: Json = None
    correct: Json = None
    extra: Row = NOTHING


def read_problem(row: Row, mapping: Mapping, context: Context, asked: str | None = None) -> Problem | None:
    """The problem of a row, of the question `asked` where the layout knows better; None without question."""
    question = text_at(row, mapping.question) if asked is None else asked
    if not question.strip():
        return None
    if mapping.context or mapping.input:
        parts = (text_at(row, mapping.context), question, text_at(row, mapping.input))
        question = "\n".join(filter(str.strip, parts))
    media = get(row, mapping.media)
    return Problem(
        with_options(question, get(row, mapping.options)) if mapping.options else question,
        read_reference(get(row, mapping.reference)),
        text_at(row, mapping.dataset) or context.dataset,
        text_at(row, mapping.split) or None,
        text_at(row, mapping.subject) or None,
        tuple(map(text, media)) if isinstance(media, list) else (text(media),) if media else (),
    )


def read_reference(value: Json) -> str | None:
    """A reference answer as text; the final answer of a GSM8K solution."""
    whole = text(value).strip()
    last = LAST_LINE.search(whole)
    return last.group(1) if last else split_final(whole)[1] or whole or None


def read_trace(problem: Problem, solution: Solution, form: Form, context: Context, sample: int = 0) -> Trace | None:
    """One solution as a trace; None where it has no text."""
    thought = _thought(problem, solution)
    if not thought.reasoning and not thought.answer:
        return None
    extra = solution.extra | ({"before": thought.before} if thought.before else {})
    return Trace(
        problem,
        thought.reasoning,
        thought.answer,
        model=text(solution.model),
        form=form,
        sample=sample,
        closed=thought.closed,
        given_correct=flag(solution.correct),
        source=context.source,
        line=context.line,
        extra=json_text(extra) if extra else "{}",
    )


def _thought(problem: Problem, solution: Solution) -> Thought:
    reasoning, output, answer = text(solution.reasoning), text(solution.output), text(solution.answer)
    if not reasoning.strip():
        thought = split_output(output, problem.question)
        return thought if thought.answer else thought._replace(answer=answer.strip())
    tagged = split_output(output, problem.question) if output else NO_THOUGHT
    if tagged.closed is not None and reasoning.strip() in output:
        return tagged
    if tagged.closed is not None:
        return tagged._replace(reasoning=f"{reasoning.strip()}\n\n{tagged.reasoning}".strip())
    inner = split_output(reasoning)
    if inner.closed is None:
        inner = Thought(reasoning.strip(), "", None)
    rest = filter(None, map(str.strip, (inner.answer, output, answer)))
    return Thought(inner.reasoning, "\n".join(dict.fromkeys(rest)), inner.closed, inner.before)


def finish(row: Row, mapping: Mapping, converted: Converted, count: int = 1) -> Converted:
    """Give the traces the values of the row that are not mapped; of a list parallel to the solutions, their own."""
    values = unmapped(row, mapping.paths)
    if not values:
        return converted
    known = _known(row, mapping.paths, converted.traces) if any(map(_long_texts, values.values())) else None
    for index, trace in enumerate(converted.traces):
        extra = values if count == 1 else {name: _own(value, trace.sample, count) for name, value in values.items()}
        if known is not None:
            extra = {name: value for name, value in extra.items() if not _repeats(value, known)}
        if extra:
            merged = extra if trace.extra == "{}" else extra | json.loads(trace.extra)
            converted.traces[index] = replace(trace, extra=json_text(merged))
    return converted


def _own(value: Json, sample: int, count: int) -> Json:
    return value[sample] if isinstance(value, list) and len(value) == count else value


def unmapped(row: Row, paths: tuple[str, ...]) -> Row:
    """The values of a row that no path of the mapping uses."""
    mapped = mapped_columns(tuple(row), paths)
    return {name: value for name, value in row.items() if name not in mapped and value is not None}


@lru_cache(16)  # rows of a file differ little in their columns
def mapped_columns(columns: tuple[str, ...], paths: tuple[str, ...]) -> frozenset[str]:
    """Those of the columns that a path reads."""
    row = dict.fromkeys(columns)
    return frozenset(name for path in paths for name in used(row, path))


def _known(row: Row, paths: Sequence[str], traces: Sequence[Trace]) -> frozenset[str]:
    """The texts that the traces hold already, long ones of the mapped values among them."""
    held = {part for trace in traces for part in (trace.question, trace.reasoning, trace.answer)}
    return frozenset(held | {long.strip() for path in paths for long in _long_texts(get(row, path))})


def _repeats(value: Json, known: frozenset[str]) -> bool:
    texts = _long_texts(value)
    return bool(texts) and all(long.strip() in known for long in texts)


def _long_texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value] if len(value) > DUPLICATE_CHARS else []
    if not value or type(value) not in NESTED:
        return []
    return [long for member in (value.values() if type(value) is dict else value) for long in _long_texts(member)]


def json_text(values: Row) -> str:
    """Values as JSON text: bytes as their size, what JSON does not know as its text."""
    try:
        options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(values, default=_plain_scalar, option=options).decode()
    except TypeError:  # whole numbers beyond 64 bits
        return canonical_json(plain(values))


def _plain_scalar(value: Json) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def plain(value: Json) -> Json:
    """The value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value if isinstance(value, str | int | float | None) else _plain_scalar(value)
