"""Let a model write traces of the problems at hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import Dropped, Failure, Mapper
from curation.params import Count, EncoderName, ModelName, Positive, Seed, When
from curation.prompting import solving
from curation.prompting.prompts import OptionalPrompt, PromptText, shipped, version
from curation.prompting.shots import By, Shot, fingerprint, rendered, shelf
from curation.prompting.talks import Talk
from curation.prompting.writing import Asking, Written, write_by_outline, write_freely, write_stepwise
from curation.trace import Problem, Trace, content_id

Share = Annotated[float, Field(gt=0, le=1)]


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
    shots_by: By = Field("likeness", description="Likest first, or by subject, length, then likeness")
    encoder: EncoderName = Field("", description="Encoder that tells likeness; empty for the built-in one")
    prefix: str = Field("", description="Text that every answer begins with")
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
    when: ClassVar[When] = {
        "form prefix prompt first_prompt": {"mode": "free"},
        "steps budgets count_prompt outline_prompt step_prompt": {"mode": "outline"},
        "next_prompt": {"mode": "stepwise"},
        "max_steps answer_prompt": {"mode": "outline stepwise"},
    }

    @model_validator(mode="before")
    @classmethod
    def _usual_prompt(cls, values: Any) -> Any:  # noqa: ANN401  (what a person wrote)
        """Programs, and answers that are shown, have usual prompts of their own."""
        usual, shown = shipped("generate", "solve"), "rationale" if values.get("gold") == "visible" else "solve"
        fitting = shipped("generate", "program" if values.get("form") == "pot" else shown)
        return {**values, "prompt": fitting} if values.get("prompt", usual) == usual else values

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
        askable = [trace for trace in traces if self.gold == "hidden" or (trace.problem.reference or "").strip()]
        found = solving.solve({trace.id: self._samples(trace.problem) for trace in askable}, self.model, asker)
        return [solving.became(trace, found.get(trace.id), self.keep == "both") for trace in traces]

    def per_problem(self) -> int:
        """Traces asked for of each problem."""
        return self.n * (len(self.budgets) if self.mode == "outline" else 1)

    def _near(self, problem: Problem) -> list[Shot]:
        return shelf(self.shots_from, self.encoder).nearest(problem, self.shots, self.shots_by)

    def _samples(self, problem: Problem) -> list[solving.Sample]:
        near = self._near(problem) if self.shots else []
        slots = {"question": problem.question, "reference": problem.reference or "", "shots": rendered(near)}
        notes: dict[str, Any] = {"policy": self.policy, "mode": self.mode, "step": self.key()}
        notes |= {"prompt_version": version("\n".join(self._texts().values()))}
        notes |= {"shots": [shot.id for shot in near]} if near else {}
        sampling = Request("", self.max_new_tokens, self.temperature, self.seed, self.top_p, log_probs=self.log_probs)
        askings = [Asking(replace(sampling, seed=self.seed + number), slots) for number in range(self.n)]
        talks = [talk for asking in askings for talk in self._talks(asking)]
        return [solving.Sample(problem, self.form, number, talk, notes) for number, talk in enumerate(talks)]

    def _talks(self, asking: Asking) -> list[Talk[Written]]:
        """The talk of a sample; of an outline one for each budget."""
        texts = self._texts()
        if self.mode == "outline":
            return [write_by_outline(asking, texts, self.steps, self.max_steps, share) for share in self.budgets]
        if self.mode == "stepwise":
            return [write_stepwise(asking, texts, self.max_steps)]
        return [write_freely(asking, self.prompt, self.prefix, self.first_prompt)]

    def _texts(self) -> dict[str, str]:
        """The prompts that the mode asks with, by their short names."""
        values = {**dict(self), "count_prompt": "" if self.steps else self.count_prompt}
        return {name.removesuffix("_prompt"): values[name] for name in solving.PROMPTS[self.mode] if values[name]}
