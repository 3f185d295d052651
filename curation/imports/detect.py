"""Finding the mapping of a file from its first rows: by column names, and by think tags in the values."""

import re
from collections.abc import Sequence
from typing import Any

from curation.imports.columns import Columns, plain_name
from curation.imports.layouts import tree
from curation.imports.mapping import Mapping
from curation.imports.names import (
    ANSWER,
    CONTEXT,
    CORRECT,
    DATASET,
    GENERATIONS,
    GOLD,
    MEDIA,
    MESSAGES,
    MODEL,
    OPTIONS,
    OUTPUT,
    QUESTION,
    REASONING,
    REFERENCE,
    SOLUTION,
    STEPS,
    SUBJECT,
)
from curation.imports.record import Row
from curation.imports.values import flag, get
from curation.texts.think import split_final

NO_SAMPLES = re.compile(
    r"eval|analysis|custom|chunk|step|history|message|convers|option|choice|meta|info|config|traj|prompt|chosen|rejected"
)
NUMBERED = re.compile(r"(\w*(?:solution|response|generation|completion|output)_?)\d+", re.IGNORECASE)
PROGRAM = re.compile(r"\s*(?:```python|import |from \w+ import|def |class |[a-z_]\w* = )")


def detect(rows: Sequence[Row]) -> Mapping:
    """The mapping that the first rows suggest; columns nobody recognises stay unmapped."""
    columns = Columns(rows)
    if {"problem_id", "text_key", "question", "reasoning", "answer"} <= set(columns.names):
        return Mapping(layout="winnow")
    shared = {
        "model": columns.find(MODEL),
        "subject": columns.find(SUBJECT),
        "split": columns.find("split"),
        "dataset": columns.find(DATASET),
        "media": columns.find(MEDIA),
        "correct": _correct(columns),
    }
    found = (
        _preference(columns)
        or _tree(columns)
        or _generations(columns)
        or _messages(columns)
        or _samples(columns)
        or _columns(columns)
    )
    if shared["media"] and not _is_media(columns, shared["media"]):
        shared["media"] = None
    return Mapping.model_validate({**shared, **found})


def _preference(columns: Columns) -> dict[str, Any] | None:
    if not {"chosen", "rejected"} <= set(columns.values):
        return None
    return {"layout": "preference", "chosen": "chosen", "rejected": "rejected", **_prompt(columns)}


def _tree(columns: Columns) -> dict[str, Any] | None:
    for name, values in columns.values.items():
        if isinstance(values[0], dict) and get(values[0], tree.ROOT):
            return {"layout": "tree", "steps": name, "form": "tree"}
    return None


def _generations(columns: Columns) -> dict[str, Any] | None:
    """Several solutions in a list of texts, or in columns numbered `solution_1`, `solution_2`, beside a question."""
    lists = columns.find_texts(GENERATIONS)
    if lists is None or not isinstance(columns.values[lists][0], list):
        heads = [match.group(1) for name in columns.values if (match := NUMBERED.fullmatch(name))]
        lists = f"{heads[0]}*" if len(heads) > 1 and len(set(heads)) == 1 else None
    question = columns.find(QUESTION)
    if lists is None or question is None or not columns.plain(question, ()):
        return None
    found = _columns(columns)
    return {**found, "reasoning": None, "steps": None, "output": lists} if "*" in lists else found


def _prompt(columns: Columns) -> dict[str, Any]:
    messages = _chat(columns)
    return {"messages": messages} if messages else {"question": columns.find(QUESTION)}


def _messages(columns: Columns) -> dict[str, Any] | None:
    messages = _chat(columns)
    if messages is None:
        return None
    question = columns.find("question problem originalquestion", [messages])
    return {
        "layout": "messages",
        "messages": messages,
        "question": question,
        "reference": columns.find(REFERENCE, [messages]),
    }


def _chat(columns: Columns) -> str | None:
    for name, values in columns.values.items():
        first = values[0][0] if isinstance(values[0], list) else None
        if plain_name(name) in MESSAGES.split() and isinstance(first, dict) and {"role", "from"} & set(first):
            return name
    return None


def _samples(columns: Columns) -> dict[str, Any] | None:
    found = {name: inner for name, values in columns.values.items() if (inner := _inner(name, values)) is not None}
    if not found:
        return None
    name, inner = next(iter(found.items()))
    question = columns.find(QUESTION, found)
    return {
        "layout": "samples",
        "samples": "*" if len(found) > 1 or inner.find(QUESTION) else name,
        "question": question or inner.find(QUESTION),
        "options": columns.find(OPTIONS),
        "context": columns.find(CONTEXT),
        "output": inner.find(SOLUTION),
        "answer": "answers.answer" if "answers" in inner.values else None,
        "reference": columns.find(REFERENCE, found) or columns.find("answer", found),
        "correct": "answers.correct_answer" if "answers" in inner.values else inner.find(CORRECT + " totalscore"),
        "model": inner.find(MODEL) or columns.find(MODEL),
    }


def _inner(name: str, values: list[Any]) -> Columns | None:
    """The columns inside a value that holds solutions."""
    if NO_SAMPLES.search(name.lower()):
        return None
    items = [item for value in values for item in _objects(value)]
    if not items or any({"role", "from"} & set(item) for item in items):
        return None
    columns = Columns(items)
    solution = columns.find(SOLUTION)
    return columns if solution and all(isinstance(value, str) for value in columns.values[solution]) else None


def _objects(value: Any) -> list[Row]:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict) and value and all(isinstance(member, dict) for member in value.values()):
        return list(value.values())
    members = value if isinstance(value, list) else [value]
    return [member for member in members if isinstance(member, dict)]


def _columns(columns: Columns) -> dict[str, Any]:
    tagged = columns.tagged()
    question = columns.find(QUESTION, [tagged])
    reasoning = columns.find_texts(REASONING, [question, tagged])
    steps = columns.find(STEPS, [question])
    output = tagged or columns.find(OUTPUT, [question]) or columns.empty("output response completion generation")
    if tagged and (plain_name(tagged) in REASONING.split() or not reasoning or plain_name(reasoning) != "thinking"):
        reasoning = steps = None
    if (reasoning or steps) and not tagged:
        output = None
    taken = [question, reasoning, steps, output]
    answer = columns.find(ANSWER, taken) if reasoning or tagged or steps else None
    if tagged and answer and plain_name(answer) == "finalanswer":
        answer = None  # the output has an answer of its own; this is what it should be
    numbers = _step_labels(columns)
    reference = columns.find(REFERENCE, [*taken, answer, *numbers])
    found = _place_answer(
        columns, {"reasoning": reasoning, "steps": steps, "output": output, "answer": answer}, reference
    )
    return {
        **found,
        "question": _alternatives(columns, question, "questions"),
        "context": columns.find(CONTEXT, taken),
        "input": columns.find("input", [*taken, answer])
        if question and plain_name(question) == "instruction"
        else None,
        "options": columns.find(OPTIONS),
        "form": _form(columns, output),
    }


def _place_answer(columns: Columns, found: dict[str, str | None], reference: str | None) -> dict[str, str | None]:
    """What a column called answer (or solution) holds: a solution, the text after it, or the reference."""
    name = columns.find("answer", [*found.values(), reference])
    if any(found[key] for key in ("reasoning", "steps", "output")):
        is_answer = name and not found["answer"] and not found["output"]
        gold = columns.find(GOLD, [*found.values(), _correct(columns), *_step_labels(columns)])
        reference = reference or name or columns.find("finalanswer", [found["output"]]) or gold
        return {**found, "answer": name if is_answer else found["answer"], "reference": reference}
    if name and columns.is_long(name):
        final = name if any(split_final(value)[1] for value in columns.texts(name)) else None
        return {**found, "output": name, "reference": reference or final}
    solution = columns.find("solution", [reference])
    reference = reference or name or columns.find("label correct", [_correct(columns), *_step_labels(columns)])
    return {**found, "output": solution, "reference": _alternatives(columns, reference, "answers")}


def _step_labels(columns: Columns) -> list[str]:
    """Columns called label or target that hold numbers: marks of steps or nodes, no answers."""
    names = [name for name in columns.values if plain_name(name) in ("label", "target")]
    return [name for name in names if not columns.plain(name, ())]


def _alternatives(columns: Columns, name: str | None, plural: str) -> str | None:
    """The column, with the one of the plural name beside it where rows differ."""
    other = columns.find(plural, [name]) if name else None
    return f"{name}|{other}" if other else name


def _correct(columns: Columns) -> str | None:
    named = columns.find(CORRECT)
    if named is None:
        named = next((name for name in columns.values if name.endswith(("_correct", "correctness"))), None)
    return named if named and any(flag(value) is not None for value in columns.texts(named)) else None


def _form(columns: Columns, output: str | None) -> str:
    values = columns.texts(output)[:50] if output else []
    return "pot" if values and sum(bool(PROGRAM.match(value)) for value in values) * 2 > len(values) else "cot"


def _is_media(columns: Columns, name: str) -> bool:
    return all(
        isinstance(item, str)
        for value in columns.values[name]
        for item in (value if isinstance(value, list) else [value])
    )
