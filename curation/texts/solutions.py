"""The solutions and checks of a segmented reasoning, and which spans DLCoT's rules cut out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from curation.answers import first_correct
from curation.texts.splitting import Span
from curation.texts.tokens import estimate_tokens
from curation.trace import Kind, Segment, Trace

Unit = tuple[Segment, ...]
Label = Literal["correct", "incorrect", "incomplete"]
MaxDrop = Literal["all", "1", "2"]
ErrorPolicy = Literal["off", "quotes", "solutions"]
SOLVES: tuple[Kind, ...] = ("attempt", "alternative")
TURNS: tuple[Kind, ...] = ("alternative", "check", "backtrack")  # kinds that begin another attempt
ASIDE: tuple[Kind, ...] = ("restate", "filler", "answer")  # kinds that try nothing
SHORTEST = 25  # ours: tokens; a shorter remark belongs to the attempt before it


class Judged(NamedTuple):
    """What is said of one solution: whether its final answer is right, and where it goes wrong."""

    label: Label
    errors: tuple[Span, ...] = ()


class Deconstructed(NamedTuple):
    """The solutions and checks of a reasoning, the approach of each, and the labels of the solutions by place."""

    units: list[Unit]
    clusters: list[int]
    judged: dict[int, Judged]


class Rules(NamedTuple):
    """Which solutions and errors go."""

    max_drop: MaxDrop = "all"
    error_policy: ErrorPolicy = "off"
    protect_trunk: bool = True

    @property
    def need_labels(self) -> bool:
        """Whether they ask which solutions are correct."""
        return self.protect_trunk or self.error_policy != "off"


def units(trace: Trace) -> list[Unit]:
    """Each segment that solves or looks back by itself, as a model splits them."""
    return [(span,) for span in trace.segments if span.kind in SOLVES or span.kind in TURNS]


def attempts(trace: Trace) -> list[Unit]:
    """Segments that go on with each other, as rules split them: another attempt begins where the trace turns."""
    found: list[list[Segment]] = []
    before: Kind | None = None
    for segment in trace.segments:
        if segment.kind in ASIDE:
            continue
        turns = segment.kind in TURNS and segment.kind != before
        if not found or (turns and estimate_tokens(text_of(trace, found[-1])) >= SHORTEST):
            found.append([])
        found[-1].append(segment)
        before = segment.kind
    return [tuple(unit) for unit in found]


def text_of(trace: Trace, unit: Sequence[Segment]) -> str:
    """The words of a solution or check."""
    return "".join(trace.reasoning[span.start : span.stop] for span in unit)


def solutions(found: Sequence[Unit]) -> list[int]:
    """Which of the units are solutions, not checks."""
    return [place for place, unit in enumerate(found) if unit[0].kind in SOLVES]


def repeated(clusters: Sequence[int]) -> list[int]:
    """The units whose approach an earlier one took."""
    return [place for place, cluster in enumerate(clusters) if cluster in clusters[:place]]


def by_reference(trace: Trace, found: Sequence[Unit]) -> dict[int, Judged]:
    """Labels without a model: a solution that states the reference as a result is correct, any other incomplete."""
    stated = {place: first_correct(replace(trace, segments=found[place])) for place in solutions(found)}
    return {place: Judged("incomplete" if at is None else "correct") for place, at in stated.items()}


def label_counts(judged: Mapping[int, Judged] | None) -> dict[str, float | None]:
    """How many solutions there are, of each label, and with how many errors; None where that is unknown."""
    labels = [said.label for said in (judged or {}).values()]
    counts = {"n_solutions": len(labels), **{f"n_solutions_{name}": labels.count(name) for name in get_args(Label)}}
    counts["n_errors"] = sum(len(said.errors) for said in (judged or {}).values())
    return {name: None if judged is None else count for name, count in counts.items()}


def cut_out(found: Deconstructed, rules: Rules) -> list[Span] | None:
    """The spans that go; None where labels are needed and no solution is correct.

    The trunk reaches up to the first correct solution, which is never redundant where it is protected. An error on
    the trunk, or in a correct solution behind it, costs its quote alone; a wrong solution behind it goes whole.
    """
    judged = found.judged
    trunk = next((place for place, said in sorted(judged.items()) if said.label == "correct"), None)
    if rules.need_labels and trunk is None:
        return None
    again = [place for place in repeated(found.clusters) if not (rules.protect_trunk and place == trunk)]
    gone = again if rules.max_drop == "all" else again[-int(rules.max_drop) :]
    spans: list[Span] = []
    if trunk is not None and rules.error_policy != "off":
        spans = [span for place, said in judged.items() if _stays(place, said, trunk) for span in said.errors]
    if trunk is not None and rules.error_policy == "solutions":
        gone = gone + [place for place, said in judged.items() if not _stays(place, said, trunk) and _errs(said)]
    return spans + [(span.start, span.stop) for place in gone for span in found.units[place]]


def _stays(place: int, said: Judged, trunk: int) -> bool:
    return place <= trunk or said.label == "correct"


def _errs(said: Judged) -> bool:
    return said.label == "incorrect" or bool(said.errors)


def without(segments: Sequence[Segment], spans: Sequence[Span]) -> list[Segment]:
    """The segments, or what is left of them, outside these spans."""
    left = list(segments)
    for start, stop in spans:
        left = [
            Segment(first, last, one.kind)
            for one in left
            for first, last in ((one.start, min(one.stop, start)), (max(one.start, stop), one.stop))
            if first < last
        ]
    return left
