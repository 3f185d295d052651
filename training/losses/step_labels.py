"""Which steps of a trace are right: from what its row carried, or from the arithmetic its steps state.

ProcessBench {"label": 1}, BIG-Bench Mistake {"mistake_index": 1} and MR-GSM8K name the first wrong step, PRMBench
{"error_steps": [3, 4]} every one. Steps from the first error on are wrong (URSA, section on error locating: steps
before the error True, the others False).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from curation.texts.claims import claims
from curation.trace import Trace
from training.answering.step_scorer import split_steps

Source = Literal["auto", "given", "arithmetic"]
FIRST_FROM_0 = ("label", "mistake_index")
FIRST_FROM_1 = ("model_output_solution_first_error_step", "first_error_step")
WRONG_FROM_1 = ("error_steps",)
EVERY = ("step_labels", "ratings")
NO_ERROR = ("n/a", "none", "-1", "")


class Labelled(NamedTuple):
    """A question, the steps of a solution, and which of them are right."""

    question: str
    steps: list[str]
    right: list[bool]


def labelled(trace: Trace, source: Source = "auto") -> Labelled | None:
    """The trace's steps with their labels; None where nothing says which are right."""
    steps = steps_of(trace)
    right = given(trace, len(steps)) if source != "arithmetic" else None
    if right is None and source != "given":
        right = by_arithmetic(steps)
    return Labelled(trace.question, steps, right) if right else None


def labelled_all(traces: Iterable[Trace], source: Source = "auto") -> Iterator[Labelled]:
    """Every trace that has labels."""
    return (found for trace in traces if (found := labelled(trace, source)))


def steps_of(trace: Trace) -> list[str]:
    """The segments of the reasoning, or its paragraphs or lines where it is not segmented."""
    if not trace.segments:
        return split_steps(trace.reasoning)
    texts = (trace.reasoning[segment.start : segment.stop].strip() for segment in trace.segments)
    return [text for text in texts if text]


def given(trace: Trace, count: int) -> list[bool] | None:
    """Labels the source row carried; None without any, or where they do not fit the number of steps."""
    values: dict[str, Any] = json.loads(trace.extra)
    for names, first in ((FIRST_FROM_0, 0), (FIRST_FROM_1, 1)):
        for name in names:
            if name in values:
                return _from_first(values[name], first, count)
    for name in WRONG_FROM_1:
        if name in values:
            return _all_but(values[name], count)
    return next((_each(values[name], count) for name in EVERY if name in values), None)


def by_arithmetic(steps: Sequence[str]) -> list[bool] | None:
    """Steps before the first wrong equation are right, the others wrong; None where no equation is stated."""
    found = [claims(step) for step in steps]
    if not any(found):
        return None
    wrong = next((place for place, step in enumerate(found) if not all(one.holds for one in step)), len(steps))
    return [place < wrong for place in range(len(steps))]


def _from_first(value: object, first: int, count: int) -> list[bool] | None:
    if str(value).strip().lower() in NO_ERROR:
        return [True] * count
    wrong = int(str(value)) - first if str(value).isdigit() else -1
    return [place < wrong for place in range(count)] if 0 <= wrong < count else None


def _all_but(value: object, count: int) -> list[bool] | None:
    wrong = set(value) if isinstance(value, list) else None
    fits = wrong is not None and wrong <= set(range(1, count + 1))
    return [place not in wrong for place in range(1, count + 1)] if wrong is not None and fits else None


def _each(value: object, count: int) -> list[bool] | None:
    fits = isinstance(value, list) and len(value) == count and all(isinstance(one, bool | int) for one in value)
    return [one > 0 for one in value] if isinstance(value, list) and fits else None
