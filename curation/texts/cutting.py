"""Where a reasoning is cut: by share, by tokens, after the first right answer, or before its last segment."""

from typing import Literal, NamedTuple

from curation.answers import first_correct
from curation.texts.tokens import token_stops
from curation.trace import Segment, Trace

Policy = Literal["fraction", "tokens", "after_first_correct", "drop_last_segment", "min_valid_prefix"]
Side = Literal["end", "start"]


class Measure(NamedTuple):
    """What decides how much is kept: a share or a number of tokens, from which side, by which tokenizer."""

    policy: Policy
    amount: float
    side: Side
    tokenizer: str


def kept_segments(trace: Trace, measure: Measure) -> list[Segment]:
    """The segments that stay, whole; the first one always does."""
    spans = list(trace.segments)
    if measure.policy == "drop_last_segment":
        return spans[:-1] or spans
    if measure.policy == "after_first_correct":
        at = first_correct(trace)
        return [span for span in spans if at is None or span.start < at]
    start, stop = _window(trace, measure)
    inside = [span for span in spans if start <= span.start and span.stop <= stop]
    return inside or [spans[0] if measure.side == "end" else spans[-1]]


def kept_characters(trace: Trace, measure: Measure) -> list[Segment]:
    """What stays of each segment, to the character."""
    start, stop = _window(trace, measure)
    if measure.policy == "after_first_correct":
        start, stop = 0, first_correct(trace) or len(trace.reasoning)
    spans = trace.segments or (Segment(0, len(trace.reasoning), "attempt"),)
    clipped = [Segment(max(span.start, start), min(span.stop, stop), span.kind) for span in spans]
    return [span for span in clipped if span.start < span.stop]


def _window(trace: Trace, measure: Measure) -> tuple[int, int]:
    length = len(trace.reasoning)
    if measure.policy == "tokens":
        stops = token_stops(trace.reasoning, measure.tokenizer)
        count = int(measure.amount)
        if count >= len(stops):
            return 0, length
        return (0, stops[count - 1]) if measure.side == "end" else (stops[-count - 1], length)
    # Distilling the essence keeps max(1, int(p * length))
    kept = max(1, int(measure.amount * length))
    return (0, kept) if measure.side == "end" else (length - kept, length)
