"""Segments by rules: the reasoning split by its layout, each piece named by its cue words."""

import re
from collections.abc import Sequence

from curation.texts.cues import CONCLUDES, announces, folded, hints_of, kinds_of
from curation.texts.splitting import Span, Splitter, each_sentence, paragraphs
from curation.trace import Kind, Segment, Trace

COUNTED: dict[str, Kind] = {"n_checks": "check", "n_backtracks": "backtrack", "n_alternatives": "alternative"}
WORD = re.compile(r"\w+")
SAME_WORDS = 0.6  # ours: share of a paragraph's words found in the question when it only repeats it
FIRST_SENTENCES = 1500  # ours: characters; enough of a paragraph to tell what it does


def by_cues(trace: Trace, splitter: Splitter, sentences_over: int = 0) -> tuple[Segment, ...]:
    """The named spans, in order; together they tile the reasoning."""
    text, small = trace.reasoning, folded(trace.reasoning)
    hints = hints_of(small)
    named: list[Segment] = []
    carried: Kind | None = None
    for pieces in paragraphs(text, splitter, sentences_over):
        start, stop = pieces[0][0], pieces[-1][1]
        found = _kinds(text, small, pieces, carried, hints)
        if not named and found[0] is None and _repeats(text[start : start + FIRST_SENTENCES], trace.question):
            found = ["restate" if kind is None else kind for kind in found]
        carried = found[-1] if announces(text, start, stop, found[-1]) else None
        named += [Segment(*span, kind or "attempt") for span, kind in zip(pieces, found, strict=True)]
    return _concluded(small, named)


def counts_of(trace: Trace, segments: tuple[Segment, ...] | None) -> dict[str, float | None]:
    """How many segments there are and look back, and how much attempts; nothing where they are unknown."""
    if segments is None:
        return {}
    kinds = [segment.kind for segment in segments]
    attempted = sum(segment.stop - segment.start for segment in segments if segment.kind == "attempt")
    return {
        "n_segments": len(segments),
        **{name: kinds.count(kind) for name, kind in COUNTED.items()},
        "attempt_share": attempted / len(trace.reasoning) if trace.reasoning else None,
    }


def _kinds(text: str, small: str, pieces: list[Span], carried: Kind | None, hints: Sequence[str]) -> list[Kind | None]:
    if len(pieces) > 1:
        return list(kinds_of((small[start:stop] for start, stop in pieces), carried, hints))
    start, stop = pieces[0]
    spans = each_sentence(text, (start, min(stop, start + FIRST_SENTENCES)), [])
    for kind in kinds_of((small[first:last] for first, last in spans), carried, hints):
        if kind != "filler":
            return [kind]
    return ["filler"]


def _repeats(paragraph: str, question: str) -> bool:
    known, words = frozenset(WORD.findall(question.lower())), WORD.findall(paragraph.lower())
    return "=" not in paragraph and bool(words) and sum(word in known for word in words) >= SAME_WORDS * len(words)


def _concluded(small: str, named: list[Segment]) -> tuple[Segment, ...]:
    # "So Ana has 96 stamps now." ends a trace without naming the answer
    if named and named[-1].kind == "attempt" and CONCLUDES.match(small, named[-1].start):
        named[-1] = Segment(named[-1].start, named[-1].stop, "answer")
    return tuple(named)
