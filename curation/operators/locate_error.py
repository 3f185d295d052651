"""Find the first wrong step of a reasoning: by rollouts from its prefixes, or by asking a judge.

URSA bisects over rollouts: the first step from which no rollout reaches the answer ("N=16, T=.3").
"""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.models import Completion, Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import Fraction, ModelName, Positive, When
from curation.prompting.bisect import Stuck, first_valid, together
from curation.prompting.prompts import PromptText, chat, checked, shipped
from curation.prompting.reaching import Reach, part_of, unasked
from curation.prompting.replies import json_of, unusable
from curation.trace import Trace

NAMED = '{"type":"object","properties":{"first_error_step":{"type":"integer"}},"required":["first_error_step"]}'
UNKNOWN = Annotation({"first_error_step": None, "error_found": None})


class LocateError(Annotator):
    """Find the first wrong segment, counted from 1.

    With rollouts it is the first one from whose end a model no longer reaches the reference answer. Where the model
    does not reach it from the bare question either, a first segment says nothing and is unknown; so is a trace
    without segments or reference, and a judge's reply that names no step of the trace.
    """

    op: Literal["locate_error"] = "locate_error"
    model: ModelName = Field(description="Model that goes on from prefixes, or judges")
    by: Literal["rollouts", "judge"] = Field("rollouts", description="How the step is found")
    n: Positive = Field(16, description="Rollouts from a prefix", le=256)  # URSA
    temperature: float = Field(0.3, description="Temperature of the rollouts", ge=0, le=2)  # URSA
    min_share: Fraction = Field(0.0, description="Share of them that must be right; 0 for a single one")  # URSA
    max_new_tokens: Positive = Field(1024, description="Tokens an answer may have", le=131_072)  # ours
    prompt: PromptText = Field(shipped("locate_error", "go_on"), description="How a model is asked to go on")
    judge_prompt: PromptText = Field(shipped("locate_error", "name_step"), description="How a judge is asked")

    when: ClassVar[When] = {"n temperature min_share prompt": {"by": "rollouts"}, "judge_prompt": {"by": "judge"}}

    needs_segments = True
    slots = ("question", "reasoning", "steps", "reference")

    @model_validator(mode="after")
    def _slots(self) -> Self:
        checked(self.prompt, ("question",))
        checked(self.judge_prompt, ("question", "steps"))
        return self

    def asks(self) -> tuple[str, ...]:
        """The model that goes on, or judges."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """The first wrong segment, and whether there is one."""
        return {"first_error_step": "number", "error_found": "flag"}

    def request(self, trace: Trace) -> Request:
        """The judge's prompt, or the first rollout of the middle prefix."""
        if self.by == "judge":
            return self._judged(trace)
        return self._reach().request(part_of(trace, range(next(first_valid(len(trace.segments)), 0))))

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Locate the errors of all traces side by side."""
        asked = [trace for trace in traces if self._decidable(trace)]
        found = iter(self._ask_judge(asked, asker) if self.by == "judge" else self._roll_out(asked, asker))
        return [next(found) if self._decidable(trace) else UNKNOWN for trace in traces]

    def _decidable(self, trace: Trace) -> bool:
        """A judge needs steps, rollouts an answer to reach as well."""
        return bool(trace.segments) if self.by == "judge" else unasked(trace) is None

    def _ask_judge(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        requests = [self._judged(trace) for trace in traces]
        found = asker.complete(self.model, requests, [trace.id for trace in traces])
        return [_read(trace, one) for trace, one in zip(traces, found, strict=True)]

    def _judged(self, trace: Trace) -> Request:
        texts = (trace.reasoning[span.start : span.stop].strip() for span in trace.segments)
        steps = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
        slots = {"question": trace.question, "steps": steps, "reference": trace.problem.reference or "unknown"}
        return Request(chat(self.judge_prompt, slots), self.max_new_tokens, json_schema=NAMED)

    def _reach(self) -> Reach:
        return Reach(
            self.model, self.prompt, self.max_new_tokens, self.n, self.temperature, self.min_share, closed=False
        )

    def _roll_out(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        reach = self._reach()

        def lost(wanted: list[tuple[int, int]]) -> list[bool | Stuck]:
            found = reach.judge(asker, [part_of(traces[row], range(kept)) for row, kept in wanted])
            return [one if isinstance(one, Stuck) else not one for one in found]

        steps = together([first_valid(len(trace.segments)) for trace in traces], lost)
        firsts = [row for row, step in enumerate(steps) if step == 1]
        unsolved = dict(zip(firsts, lost([(row, 0) for row in firsts]) if firsts else [], strict=True))
        return [
            UNKNOWN if unsolved.get(row) is True else _told(trace, unsolved.get(row) or step)
            for row, (trace, step) in enumerate(zip(traces, steps, strict=True))
        ]


def _told(trace: Trace, step: int | Stuck | None) -> Annotation | Failure:
    if isinstance(step, Stuck):
        return Failure(trace.id, step.reason)
    return Annotation({"first_error_step": step, "error_found": step is not None})


def _read(trace: Trace, completion: Completion) -> Annotation | Failure:
    """What a judge named; unknown where that is no step of the trace."""
    if reason := unusable(completion, whole=False):
        return Failure(trace.id, reason)
    named = (json_of(completion.text) or {}).get("first_error_step")
    if isinstance(named, bool) or not isinstance(named, int) or not 0 <= named <= len(trace.segments):
        return UNKNOWN
    return _told(trace, named or None)
