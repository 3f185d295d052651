"""Is a part of a reasoning enough for a model to reach the right answer? Asked about many traces at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from curation.answers import compare, extract
from curation.asker import Asker
from curation.models import CLOSE, OPEN, Completion, Request
from curation.prompting.bisect import Stuck
from curation.prompting.prompts import chat, slots_in
from curation.prompting.replies import json_of, unusable
from curation.trace import Trace

VOTES = 0.7  # ours: the temperature of several answers to one question
ENOUGH = '{"type":"object","properties":{"enough":{"type":"boolean"}},"required":["enough"]}'


class Part(NamedTuple):
    """A trace, and the part of its reasoning that is put to the model."""

    trace: Trace
    text: str


def is_right(completion: Completion, trace: Trace) -> bool:
    """Whether an answer states the reference of the trace's problem; an empty one does not."""
    reference = (trace.problem.reference or "").strip()
    found = stated(completion, reference)
    return found is not None and compare(found, reference).equal


def is_enough(completion: Completion, trace: Trace) -> bool | None:
    """What a judge says; None where that cannot be read."""
    said = (json_of(completion.text) or {}).get("enough")
    return said if isinstance(said, bool) else None


@dataclass(frozen=True, slots=True)
class Reach:
    """How a model is asked about a part, what its answers say, and which share has to say yes: at least one of them.

    A prompt with the slot {reasoning} holds the part; without it the model's own answer begins with the part, in
    think tags that are closed where the model is to state the answer at once.
    """

    model: str
    prompt: str
    max_new_tokens: int
    n: int = 1
    temperature: float = 0.0
    share: float = 1.0
    closed: bool = True
    json_schema: str = ""
    says: Callable[[Completion, Trace], bool | None] = is_right

    def request(self, part: Part, seed: int = 0) -> Request:
        """What is asked about a part."""
        trace = part.trace
        slots = {"question": trace.question, "reasoning": part.text, "reference": trace.problem.reference or ""}
        prefix = "" if "reasoning" in slots_in(self.prompt) else begin(part.text, self.closed)
        return Request(
            chat(self.prompt, slots), self.max_new_tokens, self.temperature, seed, prefix=prefix,
            json_schema=self.json_schema,
        )  # fmt: skip

    def ask(self, asker: Asker, parts: Sequence[Part]) -> list[list[Completion]]:
        """The n answers about each part."""
        requests = [self.request(part, seed) for part in parts for seed in range(self.n)]
        found = asker.complete(self.model, requests, [part.trace.id for part in parts for _ in range(self.n)])
        return [found[start : start + self.n] for start in range(0, len(found), self.n)]

    def judge(self, asker: Asker, parts: Sequence[Part]) -> list[bool | Stuck]:
        """Whether each part is enough; Stuck where no answer came or none could be read."""
        asked = zip(parts, self.ask(asker, parts), strict=True)
        return [self._verdict(answers, part.trace) for part, answers in asked]

    def _verdict(self, answers: Sequence[Completion], trace: Trace) -> bool | Stuck:
        given = came(answers)
        if isinstance(given, Stuck):
            return given
        said = [verdict for one in given if (verdict := self.says(one, trace)) is not None]
        if not said:
            return Stuck(f"unreadable: {given[0].text[:100]!r} holds no verdict")
        return sum(said) > 0 and sum(said) >= self.share * len(said) - 1e-9


def came(answers: Sequence[Completion]) -> list[Completion] | Stuck:
    """The answers that came, empty ones among them: they are the model's; Stuck where none did."""
    given = [one for one in answers if one.failure is None and one.finish_reason != "filtered"]
    return given or Stuck(unusable(answers[0], whole=False) or "no answer came")


def stated(completion: Completion, reference: str | None = None) -> str | None:
    """The answer a completion states; of one that was cut off only an answer that is marked as such counts."""
    return extract(completion.text, reference=reference, bare=completion.finish_reason != "length")


def begin(text: str, closed: bool) -> str:
    """The beginning of an answer as students write it, up to the end of a reasoning or within it."""
    # a space at the end belongs to the next word
    return f"{OPEN}\n{text.rstrip()}\n{CLOSE}\n" if closed else f"{OPEN}\n{text.rstrip(' ')}"


def unasked(trace: Trace) -> str | None:
    """Why nothing can be asked about the steps of a trace."""
    if not trace.segments:
        return "the trace has no segments"
    if not (trace.problem.reference or "").strip():
        return "the problem has no reference answer, so no answer can be checked"
    return None


def part_of(trace: Trace, places: Sequence[int]) -> Part:
    """Some segments of a trace, as they stand in it."""
    spans = [trace.segments[place] for place in places]
    return Part(trace, "".join(trace.reasoning[span.start : span.stop] for span in spans))
