"""A row whose columns are question, reasoning, output and answer; lists in them are several solutions.

{"question": .., "output": ["<think>..", "<think>.."], "correct": [true, false]}  ->  two traces
"""

from dataclasses import replace
from itertools import pairwise

from curation.imports.layouts.base import Context, Converted, Solution, finish, read_problem, read_trace
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.values import Json, at, get, text
from curation.trace import Segment


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """One trace per solution; a problem where the row has a reference and no solution."""
    problem = read_problem(row, mapping, context)
    if problem is None:
        return Converted(reasons=[f"no question in {mapping.question or 'any column'}"])
    steps = get(row, mapping.steps)
    reasoning, output = get(row, mapping.reasoning) or text(steps), get(row, mapping.output)
    count = max([len(value) for value in (reasoning, output) if isinstance(value, list)], default=1)
    others = [get(row, path) for path in (mapping.answer, mapping.model, mapping.correct)]
    converted = Converted()
    for index in range(count):
        solution = Solution(*[at(value, index) for value in (reasoning, output, *others)])
        trace = read_trace(problem, solution, mapping.form, context, index)
        if trace is not None:
            segments = steps_of(trace.reasoning, steps) if steps else ()
            converted.traces.append(replace(trace, segments=segments) if segments else trace)
        elif count > 1:
            converted.reasons.append(f"solution {index + 1} of {count} is empty")
    if not converted.traces and mapping.reference and problem.reference and not (mapping.output or mapping.reasoning):
        return Converted(problem=problem)
    if not converted.traces and not converted.reasons:
        converted.reasons.append(_why(mapping))
    return finish(row, mapping, converted, count)


def steps_of(reasoning: str, steps: Json) -> tuple[Segment, ...]:
    """The steps of a list as segments, which the joined text alone would not tell; none where they are not in it."""
    starts: list[int] = []
    for step in filter(None, (text(step).strip() for step in steps)) if isinstance(steps, list) else ():
        place = reasoning.find(step, starts[-1] + 1 if starts else 0)
        if place < 0:
            return ()
        starts.append(place)
    edges = [0, *starts[1:], len(reasoning)] if starts else []
    return tuple(Segment(start, stop, "attempt") for start, stop in pairwise(edges))


def _why(mapping: Mapping) -> str:
    if mapping.reference and not (mapping.output or mapping.reasoning or mapping.steps):
        return f"no solution, and no reference answer in {mapping.reference}"
    names = ", ".join(filter(None, (mapping.reasoning, mapping.steps, mapping.output, mapping.answer)))
    return (
        f"no reasoning, output or answer in {names}"
        if names
        else "no column holds a reasoning, an output or an answer"
    )
