"""Let a model write traces of the problems at hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import Dropped, Failure, Mapper
from curation.params import Count, EncoderName, ModelName, Positive, Seed
from curation.prompting import solving
from curation.prompting.prompts import OptionalPrompt, PromptText, shipped, version
from curation.prompting.provenance import provenance
from curation.prompting.shots import fingerprint, rendered, shelf
from curation.prompting.talks import Held, Talk, Unusable, hold
from curation.prompting.writing import Asking, Written, write_by_outline, write_freely, write_stepwise
from curation.trace import Problem, Trace, canonical_json, content_id

Share = Annotated[float, Field(gt=0, le=1)]


class Sample(NamedTuple):
    """One trace to be written: its number among those of the problem, the talk it comes from, the examples shown."""

    number: int
    talk: Talk[Written]
    shots: list[str]


class Generate(Mapper):
    """Let a model write new traces of each problem: a teacher, a mentor, or the student itself.

    A new trace belongs to the problem and to no earlier trace, so rows of one problem share their new traces. What is
    cut off stays, with `closed` false and no answer; a problem of which nothing could be used fails with the reason.
    """

    op: Literal["generate"] = "generate"
    model: ModelName = Field(description="Model that writes")
    policy: Literal["teacher", "mentor", "student"] = Field("teacher", description="Its part, noted with each trace")
    n: Positive = Field(1, description="Traces a problem")
    top_p: float = Field(1.0, description="Share of likely tokens sampled from", gt=0, le=1)
    temperature: float = Field(0.7, description="Sampling temperature; 0 takes the likeliest", ge=0, le=2)  # Mentor-KD
    max_new_tokens: Positive = Field(4096, description="Most new tokens of a call")  # ours
    seed: Seed = Field(0, description="Seed of a problem's first trace; the others count on")
    mode: Literal["free", "outline", "stepwise"] = Field("free", description="At once, by a plan, or a step a call")
    form: Literal["cot", "pot"] = Field("cot", description="Solution in words, or as a Python program")
    gold: Literal["hidden", "visible"] = Field("hidden", description="Whether the model sees the reference answer")
    shots: Count = Field(0, description="Worked examples shown; never the problem or a near copy", le=16)
    shots_from: str = Field("", description="File or set of examples; empty for the shipped ones")
    encoder: EncoderName = Field("", description="Encoder that chooses them; empty for the built-in one")
    prefix: str = Field("", description="Text that every answer begins with, in mode free")
    steps: Count = Field(0, description="Steps of an outline; 0 lets the model say how many", le=64)
    max_steps: Positive = Field(16, description="Most steps", le=64)  # ours
    budgets: list[Share] = Field([1.0], description="Shares of the outline written, a trace each", min_length=1)
    log_probs: bool = Field(False, description="Note the mean log-probability of each trace")
    keep: Literal["new", "both"] = Field("new", description="Keep only the new traces, or the old ones too")
    prompt: PromptText = Field(shipped("generate", "solve"), description="Prompt of mode free")
    first_prompt: OptionalPrompt = Field("", description="Prompt whose answer's first paragraph is the beginning")
    count_prompt: PromptText = Field(shipped("generate", "count"), description="Prompt for the number of steps")
    outline_prompt: PromptText = Field(shipped("generate", "outline"), description="Prompt for the outline")
    step_prompt: PromptText = Field(shipped("generate", "step"), description="Prompt for a step of the outline")
    next_prompt: PromptText = Field(shipped("generate", "next"), description="Prompt of mode stepwise")
    answer_prompt: PromptText = Field(shipped("generate", "answer"), description="Prompt for the final answer")

    slots: ClassVar[tuple[str, ...]] = solving.SLOTS

    @model_validator(mode="before")
    @classmethod
    def _usual_prompt(cls, values: Any) -> Any:  # noqa: ANN401  (what a person wrote)
        """A program, and an answer that is shown, have prompts of their own."""
        name = "program" if values.get("form") == "pot" else "rationale" if values.get("gold") == "visible" else ""
        return (
            {"prompt": shipped("generate", name), **values}
            if name and values.get("mode", "free") == "free"
            else values
        )

    @field_validator("temperature")
    @classmethod
    def _differing(cls, value: float, info: ValidationInfo) -> float:
        if not value and info.data.get("n", 1) > 1:
            raise ValueError("several traces of temperature 0 would all be the same: set n to 1 or raise it")
        return value

    @field_validator("form", "prefix", "first_prompt")
    @classmethod
    def _at_once(cls, value: str, info: ValidationInfo) -> str:
        if value not in ("", "cot") and info.data.get("mode") != "free":
            raise ValueError("only mode free knows this; leave it out")
        return value

    @field_validator(*solving.NEEDED)
    @classmethod
    def _prompts(cls, value: str, info: ValidationInfo) -> str:
        return solving.fitting(str(info.field_name), value, info.data.get("gold"))

    @model_validator(mode="after")
    def _filled(self) -> Self:
        for slot, asked in ((solving.REFERENCE, self.gold == "visible"), (solving.SHOTS, self.shots > 0)):
            if asked:
                solving.named_by(self._texts().values(), slot)
        return self

    def key(self) -> str:
        """Other files of examples give other traces, so their bytes are part of the key."""
        if not self.shots:
            return super().key()
        return f"generate_{content_id(super().key(), fingerprint(self.shots_from))[:12]}"

    def asks(self) -> tuple[str, ...]:
        """The model that writes."""
        return (self.model,)

    def request(self, trace: Trace) -> Request:
        """The first request of the first trace."""
        return next(self._samples(trace.problem)[0].talk)

    def map_with(self, traces: Sequence[Trace], asker: Asker) -> list[list[Trace] | Failure | Dropped]:
        """The talks of all rows at once."""
        every = {trace.id: self._samples(trace.problem) for trace in traces if self._askable(trace.problem)}
        rows = [(trace_id, sample) for trace_id, samples in every.items() for sample in samples]
        held = hold([sample.talk for _, sample in rows], [trace_id for trace_id, _ in rows], self.model, asker)
        found: dict[str, list[Trace | str]] = {trace_id: [] for trace_id in every}
        problems = {trace.id: trace.problem for trace in traces}
        for (trace_id, sample), one in zip(rows, held, strict=True):
            found[trace_id].append(self._trace(problems[trace_id], sample, one, asker))
        return [self._outcome(trace, found.get(trace.id)) for trace in traces]

    def _askable(self, problem: Problem) -> bool:
        return self.gold == "hidden" or bool(problem.reference and problem.reference.strip())

    def _samples(self, problem: Problem) -> list[Sample]:
        found = shelf(self.shots_from, self.encoder).nearest(problem, self.shots) if self.shots else []
        slots = {"question": problem.question, "reference": problem.reference, "shots": rendered(found)}
        every = [
            (seed, share) for seed in range(self.n) for share in (self.budgets if self.mode == "outline" else [1])
        ]
        sampling = Request("", self.max_new_tokens, self.temperature, self.seed, self.top_p, log_probs=self.log_probs)
        talks = [self._talk(Asking(replace(sampling, seed=self.seed + more), slots), share) for more, share in every]
        return [Sample(number, talk, [shot.id for shot in found]) for number, talk in enumerate(talks)]

    def _talk(self, asking: Asking, share: float) -> Talk[Written]:
        if self.mode == "outline":
            return write_by_outline(asking, self._texts(), self.steps, self.max_steps, share)
        if self.mode == "stepwise":
            return write_stepwise(asking, self._texts(), self.max_steps)
        return write_freely(asking, self.prompt, self.prefix, self.first_prompt)

    def _texts(self) -> dict[str, str]:
        """The prompts of the mode by their short names; the first of them is its own."""
        values = {**dict(self), "count_prompt": "" if self.steps else self.count_prompt}
        return {name.removesuffix("_prompt"): values[name] for name in solving.PROMPTS[self.mode] if values[name]}

    def _trace(self, problem: Problem, sample: Sample, held: Held[Written], asker: Asker) -> Trace | str:
        """The trace of a talk, or why there is none."""
        if isinstance(held.result, Unusable):
            return str(held.result)
        written = solving.with_program(held.result) if self.form == "pot" else held.result
        said = {
            **provenance(held.exchanges, self.model, asker), "policy": self.policy, "mode": self.mode,
            "prompt_version": version("\n".join(self._texts().values())), "step": self.key(),
            **({"shots": sample.shots} if sample.shots else {}), **written.notes,
        }  # fmt: skip
        extra = canonical_json({"generate": said})
        texts = (written.reasoning, written.answer)
        return Trace(problem, *texts, self.model, self.form, sample.number, written.closed, extra=extra)

    def _outcome(self, trace: Trace, found: Sequence[Trace | str] | None) -> list[Trace] | Failure | Dropped:
        if found is None:
            return Dropped(trace.id, "no reference answer to show")
        made = [one for one in found if isinstance(one, Trace)]
        if not made:
            return Failure(trace.id, next(one for one in found if isinstance(one, str)))
        return [trace, *made] if self.keep == "both" and (trace.reasoning or trace.answer) else made
