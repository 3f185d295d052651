"""Objective: what a student is trained with; each yields a transformers or TRL trainer."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from curation.backends.transformers_model import SMALL as SMALL_MODEL
from curation.backends.transformers_model import Loaded, load
from curation.connection import MODEL
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.params import Count, Positive
from curation.spec import Family, Spec
from curation.trace import Trace
from training.answering.step_scorer import StepScorer, open_scorer
from training.rows.data import Rendered, render_all
from training.rows.reading import PLAIN, Reading
from training.running.processes import count
from training.running.trackers import trackers
from training.student import Student

if TYPE_CHECKING:
    from transformers import Trainer

Progress = Callable[[int, int, str], None]
SMALL = 10_000_000  # parameters
RATE_SMALL, RATE_LARGE, RATE_LORA = 2e-3, 2e-5, 2e-4
STEPS_LOGGED = 100


def unheard(done: int, total: int, label: str) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Task:
    """What an objective is given: the student as the stage before left it, and what it learns from.

    `traces` are the set's rows to train on. Checkpoints of the stage go into a folder of its own. `named` resolves
    another student, such as a mentor, by name; `scorer` a step scorer. `progress` is told what comes before training,
    and may raise to stop.
    """

    student: Loaded
    curated: CuratedSet
    traces: Sequence[Trace]
    checkpoints: Path
    seed: int
    named: Callable[[str], Student]
    stage: int = 0
    scorer: Callable[[str], StepScorer] = open_scorer
    progress: Progress = unheard
    held_out: Sequence[Trace] = ()  # rows of the held-out problems, which `traces` does not contain

    @property
    def out(self) -> Path:
        """The run's folder of results, where an objective may keep what it made."""
        return self.checkpoints.parents[1]


@dataclass(frozen=True, slots=True)
class Setup:
    """A trainer ready to run, and the facts about it that scores.json states."""

    trainer: "Trainer"
    facts: dict[str, Any]


class Objective(Spec):
    """What a student is trained with."""

    tag = "objective"
    leaves: ClassVar[str] = MODEL  # the folder in out/ that holds the trained weights; not every one is a student

    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Peak learning rate; empty: 2e-3 below 10 M weights, 2e-5, LoRA 2e-4"
    )
    lr_scheduler_type: Literal["cosine", "linear", "constant_with_warmup"] = Field(
        "cosine", description="Course of the learning rate after warm-up"
    )
    warmup_steps: Annotated[float, Field(ge=0)] = Field(0.05, description="Warm-up in steps, or a share below 1")
    weight_decay: Annotated[float, Field(ge=0, le=1)] = Field(0.0, description="AdamW weight decay")
    max_train_tokens: Positive | None = Field(
        600_000, description="Tokens to train on, rows repeated as needed; empty: epochs"
    )
    num_train_epochs: Annotated[float, Field(gt=0)] = Field(3.0, description="Passes over the set without a budget")
    max_length: Positive = Field(1024, description="Longest row in tokens; the rest is cut off")
    per_device_train_batch_size: Positive = Field(64, description="Most rows in a batch")
    batch_tokens: Positive | None = Field(2048, description="Most padded tokens in a batch; empty: rows only")
    gradient_accumulation_steps: Positive = Field(1, description="Batches summed before each update")
    save_steps: Positive = Field(100, description="Steps between checkpoints")
    lora: bool = Field(False, description="Train low-rank adapters instead of all weights")
    lora_r: Positive = Field(16, description="Rank of the adapters")
    lora_alpha: Positive = Field(32, description="Scale of the adapters, divided by the rank")
    save_total_limit: Count = Field(2, description="Checkpoints kept; 0 keeps all")
    held_out: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of the problems measured instead of trained on"
    )
    held_out_seed: Count = Field(0, description="Seed of the choice of held-out problems")
    eval_steps: Positive = Field(50, description="Steps between measurements on held-out problems")
    eval_problems: Count = Field(32, description="Held-out problems answered each time; 0: loss only")
    early_stopping_patience: Positive | None = Field(
        None, description="Measurements without a lower held-out loss before the end"
    )
    bf16: bool | None = Field(None, description="Compute in bfloat16; empty: where the GPU can")
    gradient_checkpointing: bool | None = Field(
        None, description="Save memory for a third more time; empty: large models on a GPU"
    )

    @abstractmethod
    def setup(self, task: Task) -> Setup:
        """A trainer for the task's stage."""

    def load(self, student: Student) -> Loaded:
        """The weights to train, in float32: master weights, while bf16 is autocast."""
        return load(student.path, student.adapter, dtype="float32")

    def reading(self) -> Reading:
        """What is asked of the student and which tokens carry loss, as the page shows it before launch."""
        return PLAIN

    def stages(self) -> tuple[str, ...]:
        """What the stages are called; each has a new trainer and goes on with the weights of the one before."""
        return ("",)

    def held_out_rows(self, task: Task) -> list[Rendered]:
        """The rows whose loss is measured on held-out problems, rendered as those it trains on."""
        if self.leaves != MODEL:  # no student, so it has no loss on completions
            return []
        return list(render_all(task.student.tokenizer, task.held_out, self.max_length, self.reading()))

    def rate(self, n_parameters: int) -> float:
        """The learning rate given, or the one that suits the size."""
        if self.learning_rate is not None:
            return self.learning_rate
        if n_parameters < SMALL:
            return RATE_SMALL
        return RATE_LORA if self.lora else RATE_LARGE

    def warm_up(self, steps: int) -> int:
        """Warm-up in whole steps; a share is rounded down, so a run of one step is not spent at rate zero."""
        return int(self.warmup_steps * steps if self.warmup_steps < 1 else self.warmup_steps)

    def arguments(self, task: Task, steps: int) -> dict[str, Any]:
        """Arguments every Trainer shares; batches come ready made, one per row of the dataset."""
        import torch

        cuda, weights = torch.cuda.is_available(), task.student.model.num_parameters()
        steps = max(1, steps // count())  # several processes take a batch each
        saving = self.gradient_checkpointing
        return {
            "output_dir": str(task.checkpoints),
            "learning_rate": self.rate(weights),
            "lr_scheduler_type": self.lr_scheduler_type,
            "warmup_steps": self.warm_up(steps),
            "weight_decay": self.weight_decay,
            "per_device_train_batch_size": 1,
            "train_sampling_strategy": "sequential",
            "num_train_epochs": 1,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            "gradient_checkpointing": cuda and weights >= SMALL_MODEL if saving is None else saving,
            "bf16": self.in_bf16(),
            "use_cpu": not cuda,
            "seed": task.seed,
            "save_steps": self.save_steps,
            "save_total_limit": self.save_total_limit or None,
            "logging_steps": max(1, steps // STEPS_LOGGED),
            "logging_nan_inf_filter": False,  # a NaN must be seen, not smoothed over
            "include_num_input_tokens_seen": "non_padding",
            "remove_unused_columns": False,
            "report_to": trackers() or "none",
            "disable_tqdm": True,
        }

    def in_bf16(self) -> bool:
        """Whether to compute in bfloat16; UserError when asked to on a GPU that cannot."""
        import torch

        cuda = torch.cuda.is_available()
        able = cuda and torch.cuda.is_bf16_supported()
        if self.bf16 and cuda and not able:
            raise UserError(f"bf16 is on, but {torch.cuda.get_device_name()} cannot compute in it; turn bf16 off.")
        return able if self.bf16 is None else self.bf16

    def remedy(self) -> str:
        """What to change where memory ran out, with the present values."""
        return (
            f"Lower batch_tokens ({self.batch_tokens}), per_device_train_batch_size "
            f"({self.per_device_train_batch_size}) or max_length ({self.max_length}), raise "
            f"gradient_accumulation_steps ({self.gradient_accumulation_steps}) by as much, or turn on "
            "gradient_checkpointing" + ("" if self.lora else " or lora")
        )

    def lora_config(self) -> Any:  # noqa: ANN401  (a peft.LoraConfig or None)
        """The adapters to train, if any."""
        from peft import LoraConfig

        if not self.lora:
            return None
        return LoraConfig(
            r=self.lora_r, lora_alpha=self.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        )


OBJECTIVES: Family[Objective] = Family("objective", "training.objectives", Objective)  # type: ignore[type-abstract]
