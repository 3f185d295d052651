"""The answer-flip test: how many right answers a pruning rule breaks for the tokens it saves.

A pruned trace keeps its answer text, which proves nothing. So the answer is read again from the reasoning alone,
before and after, over the strength of the rule. It says whether the answer is still stated, not whether what is left
supports it: a rule that always keeps the concluding sentence breaks nothing here.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from curation.answers import compare, extract
from curation.errors import UserError
from curation.operator import Dropped, Failure, Mapper
from curation.spec import build
from curation.texts.tokens import count_tokens
from curation.trace import Trace

SHARES = tuple(round(0.1 * step, 1) for step in range(1, 11))  # ours: values of a field between 0 and 1
MULTIPLES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # ours: of the value a larger field has


class Flip(NamedTuple):
    """What one strength of a rule does to the answers of traces, read from their reasoning alone.

    `right_before` are the traces whose whole reasoning yields the reference answer; of them `broken` no longer do
    afterwards, while `mended` ones only do afterwards. Tokens are those of the reasoning, by the built-in estimate.
    """

    label: str
    step: Mapper
    rows: int
    right_before: int
    broken: int
    mended: int
    tokens_before: int
    tokens_after: int

    @property
    def saved(self) -> float | None:
        """Share of the reasoning's tokens that are gone; None without any."""
        return 1 - self.tokens_after / self.tokens_before if self.tokens_before else None

    @property
    def share_broken(self) -> float | None:
        """Share of the right answers that are broken; None without right answers."""
        return self.broken / self.right_before if self.right_before else None


def strengths(step: Mapper) -> list[Mapper]:
    """Variants of a step over its strength: the field marked so, or the step alone where none is.

    A number takes values across its range, its own among them; a list is added to item by item.
    """
    return [variant for _, variant in _variants(step)]


def flips(step: Mapper, traces: Sequence[Trace]) -> list[Flip]:
    """The curve of a step: what each of its strengths does to these traces, in the order of `strengths`."""
    before = [answers(trace) for trace in traces]
    tokens = [count_tokens(trace.reasoning) for trace in traces]
    return [_flip(label, variant, traces, before, tokens) for label, variant in _variants(step)]


def answers(trace: Trace) -> bool | None:
    """Whether the reasoning alone yields the reference answer; None without reference or in doubt."""
    reference = trace.problem.reference
    if not reference or not reference.strip():
        return None
    found = extract(trace.reasoning, "auto", reference, bare=trace.closed is not False)
    try:
        return found is not None and compare(found, reference).equal
    except TimeoutError:
        return None


def _flip(
    label: str, step: Mapper, traces: Sequence[Trace], before: Sequence[bool | None], tokens: Sequence[int]
) -> Flip:
    rows = right = broken = mended = whole = left = 0
    results = [[] if isinstance(made, Dropped) else made for made in step.map_batch(traces)]
    for made, trace, was, size in zip(results, traces, before, tokens, strict=True):
        if isinstance(made, Failure):
            continue
        same = made == [trace]
        now = was if same else _any_answers(made)
        rows, right, whole = rows + 1, right + (was is True), whole + size
        broken += was is True and now is False
        mended += was is False and now is True
        left += size if same else sum(count_tokens(child.reasoning) for child in made)
    failures = [made.reason for made in results if isinstance(made, Failure)]
    if failures and not rows:
        raise UserError(f"{step.title()} failed on every trace, so nothing can be measured: {failures[0]}")
    return Flip(label, step, rows, right, broken, mended, whole, left)


def _any_answers(made: list[Trace]) -> bool | None:
    found = [answers(trace) for trace in made]
    return True if True in found else None if None in found else False


def _variants(step: Mapper) -> list[tuple[str, Mapper]]:
    for name, field in type(step).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("strength") and step.counts(name, step.parameters()):
            found = [(label, _changed(step, name, value)) for label, value in _values(step.parameters()[name])]
            return [(f"{name} {label}", variant) for label, variant in found if variant is not None]
    return [(step.title(), step)]


def _values(value: Any) -> list[tuple[str, Any]]:  # noqa: ANN401  (a field's plain value)
    if isinstance(value, list):
        return [(("+ " if place else "") + str(item), value[: place + 1]) for place, item in enumerate(value)]
    numbers = SHARES if value <= 1 and isinstance(value, float) else (value * multiple for multiple in MULTIPLES)
    kept = sorted({value, *(type(value)(number) for number in numbers)})
    return [(f"{number:g}", number) for number in kept]


def _changed(step: Mapper, name: str, value: Any) -> Mapper | None:  # noqa: ANN401
    try:
        return build(type(step), {**step.parameters(), name: value})
    except UserError:  # outside of what the field allows
        return None
