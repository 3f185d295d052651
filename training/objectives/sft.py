"""Supervised fine-tuning on chosen sections of a curated set's rows, with TRL's SFTTrainer.

Loss sections: "Distilling the Essence" (six masks of prompt, reasoning, answer). Tasks told apart by instruction and
weighed lambda L_cot + (1 - lambda) L_pot: "Mixed Distillation". Budgets in the question: "BARD".
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from curation.models import QUESTION
from curation.params import Positive
from curation.rendering import Section
from curation.sections import Loss
from curation.trace import Form, Kind
from training.losses.supervised import Average, Scheme, facts, supervised, supervised_trainer
from training.objective import Objective, Setup, Task
from training.rows.batches import draw, group, join
from training.rows.collate import Collator
from training.rows.data import Rendered, check, render_all
from training.rows.reading import BUDGET, Instruction, Reading

Weight = Annotated[float, Field(ge=0)]

if TYPE_CHECKING:
    from trl import SFTTrainer


class Sft(Objective):
    """Train on what the teacher wrote, the question given; loss on chosen sections only."""

    objective: Literal["sft"] = "sft"
    sections: list[Section] = Field(
        ["reasoning", "answer"], description="Parts of a row that carry loss; think tags are reasoning", min_length=1
    )
    kinds: list[Kind] = Field([], description="Kinds of segments that carry loss; none: the whole reasoning")
    instruction: Instruction = Field(QUESTION, description="What is asked, with slots {question} and {budget}")
    budgets: list[Positive] = Field([], description="Tokens that {budget} may name; the smallest that suffices")
    instructions: dict[Form, Instruction] = Field({}, description="What is asked of traces of a form, instead")
    weights: dict[Form, Weight] = Field({}, description="Weight of each form's mean loss; empty: rows as they come")
    average: Average = Field("token", description="What counts alike in the loss of a batch")
    packing: bool = Field(False, description="Rows one behind the other, without padding or attention across")
    defective_rows: Literal["keep", "drop"] = Field("keep", description="Whether rows with defects are trained on")

    @model_validator(mode="after")
    def _budgets_are_asked_for(self) -> Self:
        named = any(BUDGET in text for text in (self.instruction, *self.instructions.values()))
        if named and not self.budgets:
            raise ValueError(f"the instruction names {BUDGET}, so budgets must list at least one number of tokens")
        if self.budgets and not named:
            raise ValueError(f"budgets are given, but no instruction has the slot {BUDGET} for them")
        return self

    def reading(self) -> Reading:
        """What is asked, and which tokens carry loss."""
        loss = Loss(tuple(self.sections), tuple(self.kinds))
        return Reading(loss, self.instruction, dict(self.instructions), tuple(self.budgets))

    def setup(self, task: Task) -> Setup:
        """A trainer over ready-made batches of rendered rows."""
        rendered = self.rendered(task)
        report = check(rendered)
        report.refuse()
        rows = self.trainable(rendered)
        batches = self.batches(rows, task)
        scheme = Scheme(self.average, self.weights)
        scheme.check(rows)
        shared = self.arguments(task, -(-len(batches) // self.gradient_accumulation_steps))
        tokenizer = task.student.tokenizer
        weigh = None if scheme.plain else scheme.weigher(rows)
        arguments = {
            "model": task.student.model,
            **supervised(shared, Collator(rows, tokenizer.pad_token_id, packing=self.packing, weigh=weigh), batches),
            "processing_class": tokenizer,
            "peft_config": self.lora_config(),
        }
        trainer = self.trainer(task, rows, arguments)
        return Setup(trainer, facts(report, rows, batches) | {"learning_rate": shared["learning_rate"]})

    def trainer(self, task: Task, rows: Sequence[Rendered], arguments: dict[str, Any]) -> "SFTTrainer":
        """The trainer of these rows; an objective with another loss puts its own here."""
        return supervised_trainer(arguments)

    def rendered(self, task: Task) -> list[Rendered]:
        """The rows of the stage as the student sees them."""
        return list(render_all(task.student.tokenizer, task.traces, self.max_length, self.reading()))

    def trainable(self, rows: Sequence[Rendered]) -> list[Rendered]:
        """Rows that carry loss and, where asked, no defect."""
        return [row for row in rows if row.trained and not (self.defective_rows == "drop" and row.defects)]

    def batches(self, rows: Sequence[Rendered], task: Task) -> list[list[int]]:
        """Row numbers of each batch, in training order."""
        lengths = [row.kept for row in rows]
        order = draw(lengths, epochs=self.num_train_epochs, budget=self.max_train_tokens, seed=task.seed)
        return self.grouped(rows, order, task.seed)

    def grouped(self, rows: Sequence[Rendered], order: Sequence[int], seed: object) -> list[list[int]]:
        """Rows in the order drawn as batches; where forms are weighed, a batch holds some of each."""
        forms = sorted({rows[row].form for row in order}) if self.weights else [None]
        most, tokens = self.per_device_train_batch_size, self.batch_tokens
        lengths = [row.kept for row in rows]
        return join([
            group(
                [row for row in order if form is None or rows[row].form == form], lengths,
                rows=max(1, most // len(forms)), tokens=tokens and max(1, tokens // len(forms)), seed=seed,
                packing=self.packing,
            )
            for form in forms
        ])  # fmt: skip
