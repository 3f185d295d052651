"""The parameters of objective `grpo`: TRL's names where TRL has them, and what must fit together."""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from curation.errors import UserError
from curation.models import QUESTION
from curation.params import Positive, Prompt
from training.losses.thinking import Thinking
from training.objective import SMALL, Objective, Task
from training.rewards.expression import parse

if TYPE_CHECKING:
    from trl import GRPOConfig

RATE_SMALL, RATE_LARGE, RATE_LORA = 1e-4, 1e-6, 1e-5  # 1e-6: TFPI, Warm up before you train; the others are ours
TRL_NAMES = {
    "num_generations", "beta", "epsilon", "epsilon_high", "loss_type", "scale_rewards", "num_iterations",
    "use_bias_correction_kl", "temperature", "top_p", "mask_truncated_completions", "per_device_train_batch_size",
}  # fmt: skip


class GrpoSettings(Objective):
    """What `grpo` can be told."""

    reward: str = Field("accuracy", description="Reward, such as accuracy * budget", min_length=1)
    steps: Positive = Field(100, description="Updates in each stage")
    num_generations: int = Field(8, description="Answers a problem, weighed against each other", ge=2)  # TRL, TFPI: 8
    max_completion_length: Positive = Field(256, description="Longest answer in tokens; the rest is cut off")
    max_completion_lengths: list[Positive] = Field(
        [], description="Longest answer of each stage, growing; empty: one stage"
    )
    switch_window: int | None = Field(
        None, description="Log lines without change that end a stage; empty: never", ge=2
    )
    prompt: Thinking = Field("thinking", description="Room to think, or an empty think block before the answer")
    instruction: Prompt = Field(QUESTION, description="How a question is asked; may hold {budget}")
    budgets: list[Positive] = Field([], description="Budgets in tokens, one drawn for each problem")
    band: int | None = Field(
        None, description="Samples a problem; kept where some, not all are right; empty: all", ge=2
    )  # URSA: 0 < successes of 8 < 8
    step_scorer: str | None = Field(None, description="Run of a step scorer, for the reward part steps", min_length=1)
    beta: float = Field(0.0, description="Weight of the distance to the stage's first weights", ge=0)
    use_bias_correction_kl: bool = Field(  # TRL does; the papers with a recipe here, such as URSA, came before it
        False, description="Weigh that distance by the probability ratio"
    )
    epsilon: float = Field(0.2, description="How far a probability ratio counts below 1", gt=0, lt=1)
    epsilon_high: float | None = Field(None, description="How far it counts above 1; empty: epsilon", gt=0)
    loss_type: Literal["dapo", "grpo", "dr_grpo", "bnpo"] = Field("dapo", description="How tokens are averaged")
    scale_rewards: Literal["group", "batch", "none"] = Field("group", description="Whose spread divides advantages")
    num_iterations: Positive = Field(1, description="Updates on the same answers")
    temperature: float = Field(1.0, description="Sampling temperature", gt=0)
    top_p: float = Field(1.0, description="Share of probability sampled from", gt=0, le=1)
    mask_truncated_completions: bool = Field(False, description="Leave answers that were cut off out of the loss")
    lr_scheduler_type: Literal["cosine", "linear", "constant_with_warmup"] = Field(
        "constant_with_warmup", description="Course of the learning rate after warm-up"
    )
    warmup_steps: Annotated[float, Field(ge=0)] = Field(0.0, description="Warm-up in steps, or a share below 1")
    max_train_tokens: Positive | None = Field(None, description="Not used: answers are counted in steps")
    num_train_epochs: Annotated[float, Field(gt=0)] = Field(1.0, description="Not used: answers are counted in steps")
    batch_tokens: Positive | None = Field(None, description="Not used: answers are counted, not tokens")
    max_length: Positive = Field(1024, description="Longest prompt in tokens; longer problems are left out")
    per_device_train_batch_size: Positive = Field(64, description="Answers in a batch")

    @field_validator("reward")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            parse(text)
        except UserError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return text

    @model_validator(mode="after")
    def _fits(self) -> Self:
        reward, batch = parse(self.reward), self.per_device_train_batch_size * self.gradient_accumulation_steps
        wrong = {
            f"the answers of an update, {batch}, must be a multiple of num_generations": batch % self.num_generations,
            "max_completion_lengths must grow": any(b <= a for a, b in pairwise(self.max_completion_lengths)),
            "the instruction must hold {question}": QUESTION not in self.instruction,
            "budgets and {budget} in the instruction need each other": bool(self.budgets)
            != ("{budget}" in self.instruction),
            "the reward part budget needs budgets": reward.uses("budget") and not self.budgets,
            "the reward part steps needs a step_scorer": reward.uses("steps") and not self.step_scorer,
        }
        for message, found in wrong.items():
            if found:
                raise ValueError(message)
        return self

    def stages(self) -> tuple[str, ...]:
        """One stage for each longest answer."""
        caps = self.max_completion_lengths
        return tuple(f"up to {cap} tokens" for cap in caps) if caps else ("",)

    def rate(self, n_parameters: int) -> float:
        """The learning rate given, or the one that suits the size."""
        if self.learning_rate is not None:
            return self.learning_rate
        return RATE_SMALL if n_parameters < SMALL else RATE_LORA if self.lora else RATE_LARGE

    def caps(self) -> list[int]:
        """The longest answer of each stage."""
        return self.max_completion_lengths or [self.max_completion_length]

    def config(self, task: Task) -> "GRPOConfig":
        """TRL's arguments for the task's stage."""
        from trl import GRPOConfig

        own = {
            "max_steps": self.steps,
            "max_completion_length": self.caps()[task.stage],
            "include_num_input_tokens_seen": "no",  # TRL counts the tokens of prompts and answers itself
        }
        return GRPOConfig(**self.arguments(task, self.steps) | self.model_dump(include=TRL_NAMES) | own)
