"""Problem, Trace and Segment: the values everything else passes around.

A segment is a span of the reasoning, so `trace.reasoning[s.start:s.stop]` is its text, and the segments of a
trace tile its reasoning: pruning is choosing spans, never rewriting text.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, get_args

Kind = Literal["restate", "plan", "attempt", "check", "backtrack", "alternative", "filler", "answer"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Form = Literal["cot", "pot", "agent", "dialogue", "tree"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A character span [start, stop) of the reasoning and its kind."""

    start: int
    stop: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Problem:
    """A question with its reference answer; `id` is the hash of the question.

    `extra` holds a benchmark row's other values as JSON text, such as a right and a wrong solution.
    """

    question: str
    reference: str | None = None
    dataset: str = ""
    split: str | None = None
    subject: str | None = None
    media: tuple[str, ...] = ()
    extra: str = "{}"

    @property
    def id(self) -> str:
        """The same question, whatever file it came from, is the same problem."""
        return _problem_id(self.question.strip(), self.media)


@dataclass(frozen=True, slots=True)
class Trace:
    """One solution of a problem by one model.

    `answer` is the text after the reasoning; `sample` tells several generations of one row apart; `closed` says
    whether a think tag that was opened was closed (None: no tag); `given_correct` is the correctness flag the source
    row carried; `extra` holds the row's other values as JSON text. `id` is a hash of the content, so the same trace
    is never stored twice.
    """

    problem: Problem
    reasoning: str
    answer: str = ""
    model: str = ""
    form: Form = "cot"
    sample: int = 0
    closed: bool | None = None
    given_correct: bool | None = None
    parent_id: str | None = None
    source: str = ""
    line: int | None = None
    extra: str = "{}"
    segments: tuple[Segment, ...] = ()
    id: str = field(default="")

    def __post_init__(self) -> None:
        """Fill the id from the content where none is given."""
        if not self.id:
            parts = (self.problem.id, self.reasoning, self.answer, self.model, str(self.sample), self.parent_id or "")
            object.__setattr__(self, "id", content_id(*parts))

    @property
    def question(self) -> str:
        """The question of the trace's problem."""
        return self.problem.question

    @property
    def text_key(self) -> str:
        """A hash of question, reasoning and answer, equal for traces that say the same."""
        return content_id(self.problem.question.strip(), self.reasoning.strip(), self.answer.strip())


@lru_cache(16)  # each trace of a problem asks for it, and they stand together
def _problem_id(question: str, media: tuple[str, ...]) -> str:
    return content_id(question, *media)


def content_id(*parts: str) -> str:
    """128 bits of SHA-256 over length-prefixed parts, as 32 hex digits."""
    pieces: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        pieces += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(pieces)).hexdigest()[:32]


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def derive(trace: Trace, *, segments: tuple[Segment, ...] = (), sample: int = 0, **changes: Any) -> Trace:  # noqa: ANN401
    """A new trace made from this one; the parent stays and is named by `parent_id`."""
    return replace(trace, id="", parent_id=trace.id, sample=sample, segments=segments, **changes)


def keep_segments(trace: Trace, kept: Iterable[Segment]) -> Trace:
    """A child trace whose reasoning is the kept segments joined, each span byte for byte as it was."""
    texts, moved, position = [], [], 0
    for segment in kept:
        text = trace.reasoning[segment.start : segment.stop]
        moved.append(Segment(position, position + len(text), segment.kind))
        texts.append(text)
        position += len(text)
    return derive(trace, reasoning="".join(texts), segments=tuple(moved))


def tiles(segments: Sequence[Segment], text: str) -> bool:
    """True when the segments cover the text from first to last character without gap, overlap or emptiness."""
    position = 0
    for segment in segments:
        if segment.start != position or segment.stop <= segment.start:
            return False
        position = segment.stop
    return position == len(text)
