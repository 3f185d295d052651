"""What objectives that train on the teacher's own words share: rows, the sections that carry loss, and batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from curation.models import QUESTION
from curation.params import Positive
from curation.rendering import Section
from curation.sections import Loss
from curation.trace import Form, Kind
from training.losses.supervised import facts, supervised, supervised_trainer
from training.objective import Objective, Setup, Task
from training.rows.batches import draw, group
from training.rows.collate import Collator
from training.rows.data import Rendered, check, render_all
from training.rows.reading import BUDGET, Instruction, Reading

if TYPE_CHECKING:
    from trl import SFTTrainer


class Completions(Objective):
    """Train on what the teacher wrote, the question given."""

    sections: list[Section] = Field(
        ["reasoning", "answer"], description="Parts of a row that carry loss; think tags are reasoning", min_length=1
    )
    kinds: list[Kind] = Field([], description="Kinds of segments that carry loss; none: the whole reasoning")
    instruction: Instruction = Field(QUESTION, description="What is asked, with slots {question} and {budget}")
    budgets: list[Positive] = Field([], description="Tokens that {budget} may name; the smallest that suffices")
    instructions: dict[Form, Instruction] = Field({}, description="What is asked of traces of a form, instead")
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
        collator = self.collator(task, rows)
        batches = self.batches(rows, task)
        shared = self.arguments(task, -(-len(batches) // self.gradient_accumulation_steps))
        arguments = {
            "model": task.student.model,
            **supervised(shared, collator, batches),
            "processing_class": task.student.tokenizer,
            "peft_config": self.lora_config(),
        }
        trainer = self.trainer(task, rows, arguments)
        return Setup(trainer, facts(report, rows, batches) | {"learning_rate": shared["learning_rate"]})

    def collator(self, task: Task, rows: Sequence[Rendered]) -> Collator:
        """Makes tensors of a batch's rows."""
        return Collator(rows, task.student.tokenizer.pad_token_id)

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
        """Rows in the order drawn as batches."""
        lengths = [row.kept for row in rows]
        return group(order, lengths, rows=self.per_device_train_batch_size, tokens=self.batch_tokens, seed=seed)
