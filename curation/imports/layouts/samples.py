"""A row with several solutions as objects: a list of them, or one column per model.

{"question": .., "completions": [{"text": .., "score": 1.0}, ..]}
{"question": .., "small_model": {"solution": .., "is_correct": false}, "large_model": {..}}
"""

from collections.abc import Iterator

from curation.imports.layouts.base import Context, Converted, Solution, finish, read_problem, read_trace, unmapped
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.values import Json, get, text


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """One trace per solution object; a column per model gives its name to the trace."""
    found = list(solutions(row, mapping))
    question = read_problem(row, mapping, context)
    converted = Converted()
    for index, (model, value) in enumerate(found):
        problem = question or read_problem(value, mapping, context)
        if problem is None:
            converted.reasons.append(f"no question in {mapping.question or 'any column'}")
            continue
        trace = read_trace(problem, _solution(row, value, mapping, model), mapping.form, context, index)
        if trace is None:
            converted.reasons.append(f"solution {index + 1} of {len(found)} is empty")
        else:
            converted.traces.append(trace)
    if not found:
        converted.reasons.append(f"no solutions in {mapping.samples}")
    rest = {name: value for name, value in row.items() if mapping.samples != "*" or not _is_solution(value, mapping)}
    return finish(rest, mapping, converted, len(found))


def solutions(row: Row, mapping: Mapping) -> Iterator[tuple[str, Row]]:
    """Name of the model, where the row has it, and the solution's object."""
    columns = row if mapping.samples == "*" else {"": get(row, mapping.samples)}
    for name, value in columns.items():
        if mapping.samples == "*" and not _is_solution(value, mapping):
            continue
        for item in _items(value, mapping.output or ""):
            yield name, item


def _items(value: Json, output: str) -> list[Row]:
    if isinstance(value, dict):
        members = list(value.values())
        return members if members and all(isinstance(member, dict) for member in members) else [value]
    return [item if isinstance(item, dict) else {output: item} for item in value or []]


def _is_solution(value: Json, mapping: Mapping) -> bool:
    path = mapping.output or mapping.reasoning or ""
    if isinstance(value, list):
        return bool(value) and all(_is_solution(item, mapping) for item in value)
    return isinstance(value, dict) and any(choice in value for choice in path.split("|"))


def _solution(row: Row, value: Row, mapping: Mapping, model: str) -> Solution:
    def find(path: str | None) -> Json:
        inner = get(value, path)
        return get(row, path) if inner is None else inner

    correct = find(mapping.correct)
    paths = (mapping.reasoning, mapping.output, mapping.answer, mapping.model, mapping.correct, mapping.question)
    return Solution(
        find(mapping.reasoning),
        find(mapping.output),
        find(mapping.answer),
        text(find(mapping.model)) or model,
        correct[0] if isinstance(correct, list) and len(correct) == 1 else correct,
        unmapped(value, filter(None, paths)),
    )
