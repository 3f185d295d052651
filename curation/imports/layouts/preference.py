"""A preferred and a rejected solution of one prompt: two traces, told apart by `choice` in their extra values."""

from curation.imports.layouts.base import Context, Converted, Solution, finish, read_problem, read_trace
from curation.imports.layouts.messages import content, speaker
from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.values import Json, get, text
from curation.texts.turns import ASSISTANT, SYSTEM


def convert(row: Row, mapping: Mapping, context: Context) -> Converted:
    """The chosen and the rejected solution."""
    problem = read_problem(row, mapping, context, _question(row, mapping))
    if problem is None:
        return Converted(reasons=["no question before the pair"])
    converted = Converted()
    for index, (choice, path) in enumerate((("chosen", mapping.chosen), ("rejected", mapping.rejected))):
        solution = Solution(output=_last(get(row, path)), model=get(row, mapping.model), extra={"choice": choice})
        trace = read_trace(problem, solution, mapping.form, context, index)
        if trace is None:
            converted.reasons.append(f"the {choice} solution is empty")
        else:
            converted.traces.append(trace)
    return finish(row, mapping, converted)


def _question(row: Row, mapping: Mapping) -> str:
    messages = get(row, mapping.messages) or get(row, mapping.chosen)
    if mapping.question or not isinstance(messages, list):
        return text(get(row, mapping.question))
    turns = [turn for turn in messages if isinstance(turn, dict) and speaker(turn) not in SYSTEM]
    if len(turns) == 1:
        return content(turns[0])
    shown = turns if mapping.messages else turns[:-1]
    return "\n\n".join(
        f"{speaker(turn)}: {content(turn)}" if speaker(turn) in ASSISTANT else content(turn) for turn in shown
    )


def _last(value: Json) -> Json:
    last = value[-1] if isinstance(value, list) and value else value
    return content(last) if isinstance(last, dict) else last
