"""A study's outcomes arranged for tables and charts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from training.studies.grid import Axis
from training.studies.results import Outcome

Measure = Literal["accuracy", "tokens"]
STATES = ("done", "running", "waiting", "failed")


class Line(NamedTuple):
    """One line of a chart: what the other knobs stand at, and a value with its interval at each position."""

    name: str
    x: list[float | str]
    values: list[float]
    low: list[float]
    high: list[float]


class Heat(NamedTuple):
    """A value for each pair of positions; None where a cell is not finished."""

    x: list[str]
    y: list[str]
    values: list[list[float | None]]
    words: list[list[str]]


def first_axis(axes: Sequence[Axis]) -> int:
    """The knob a chart is drawn against: the first of numbers, else the first."""
    return next((place for place, axis in enumerate(axes) if axis.numbers), 0)


def lines(found: Sequence[Outcome], axes: Sequence[Axis], place: int, measure: Measure) -> list[Line]:
    """A line for each position of the other knobs, along the knob at `place`."""
    numbers = axes[place].numbers is not None
    order = {point.label: number for number, point in enumerate(axes[place].points)}
    grouped: dict[str, list[Outcome]] = {}
    for one in sorted(found, key=lambda one: float(one.labels[place]) if numbers else order[one.labels[place]]):
        others = [label for number, label in enumerate(one.labels) if number != place]
        grouped.setdefault(", ".join(others), []).append(one)
    made = []
    for name, group in grouped.items():
        x: list[float | str] = [float(one.labels[place]) if numbers else one.labels[place] for one in group]
        values, low, high = zip(*(_interval(one, measure) for one in group), strict=True)
        made.append(Line(name, x, list(values), list(low), list(high)))
    return made


def heat(found: Sequence[Outcome], axes: Sequence[Axis], measure: Measure) -> Heat:
    """The outcomes of two knobs as a map, the first one across."""
    across, down = ([point.label for point in axis.points] for axis in axes)
    known = {one.labels: one for one in found}
    cells = [[known.get((x, y)) for x in across] for y in down]
    values = [[_interval(one, measure)[0] if one else None for one in row] for row in cells]
    return Heat(across, down, values, [[_words(one) for one in row] for row in cells])


def table(found: Sequence[Outcome], axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """The outcomes as rows of a table; accuracy never alone."""
    return [
        {
            **{axis.name: label for axis, label in zip(axes, one.labels, strict=True)},
            "Accuracy": one.accuracy,
            "95 % from": one.low,
            "95 % to": one.high,
            "Against the first row": one.against_first(),
            "Seeds": len(one.seeds),
            "Tokens per answer": one.tokens_per_answer,
            "Tokens per correct": one.tokens_per_correct,
            "No answer": one.no_answer_rate,
            "Rows": one.rows,
            "Trained tokens": one.train_tokens,
            "Seconds": one.evaluate_seconds + (one.train_seconds or 0.0),
        }
        for one in found
    ]


def board(cells: Sequence[Mapping[str, Any]], axes: Sequence[str], *, active: bool) -> list[dict[str, Any]]:
    """The cells as rows of a table; one that was running when the study ended has stopped."""
    return [
        {
            **dict(zip(axes, cell["labels"], strict=True)),
            "Seed": cell["seed"],
            "State": "stopped" if cell["state"] == "running" and not active else cell["state"],
            "Accuracy": cell.get("accuracy"),
            "Tokens per answer": cell.get("mean_tokens"),
            "No answer": cell.get("no_answer_rate"),
            "Reason": cell.get("error") if cell["state"] == "failed" else None,
        }
        for cell in cells
    ]


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many cells are in which state."""
    states = [row["State"] for row in rows]
    return ", ".join(f"{states.count(state)} {state}" for state in (*STATES, "stopped") if state in states)


def _interval(one: Outcome, measure: Measure) -> tuple[float, float, float]:
    if measure == "accuracy":
        return one.accuracy, one.low, one.high
    return one.tokens_per_answer, one.tokens_low, one.tokens_high


def _words(one: Outcome | None) -> str:
    if one is None:
        return "not finished"
    return f"{one.accuracy:.1%} ({one.low:.1%} to {one.high:.1%})<br>{one.tokens_per_answer:,.0f} tokens"
