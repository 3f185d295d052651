"""A process reward model: every step of a solution judged right or wrong (URSA)."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from curation.backends.transformers_model import Loaded
from curation.errors import UserError
from curation.params import Positive
from training.answering.step_scorer import SCORER, with_head
from training.losses.step_labels import Source, labelled_all
from training.losses.step_training import StepCollator, split, step_rows, step_trainer
from training.objective import Objective, Setup, Task
from training.rows.batches import draw, group
from training.student import Student


class Prm(Objective):
    """Train a step scorer: each step of a solution judged right or wrong at the mark behind it."""

    leaves: ClassVar[str] = SCORER

    objective: Literal["prm"] = "prm"
    labels: Source = Field("auto", description="Step labels: of the source row, by arithmetic, or the first that is")
    held_out: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.1, description="Share of the problems kept aside to measure the scorer"
    )  # ours
    max_train_tokens: Positive | None = Field(None, description="Tokens to train on; empty: epochs")
    num_train_epochs: Annotated[float, Field(gt=0)] = Field(
        2.0, description="Passes over the set without a budget"
    )  # URSA: 2 epochs

    def load(self, student: Student) -> Loaded:
        """The student's body under a head that tells right from wrong."""
        return with_head(super().load(student))

    def lora_config(self) -> Any:  # noqa: ANN401  (a peft.LoraConfig or None)
        """The adapters to train, if any; the head is trained whole."""
        config = super().lora_config()
        if config is not None:
            config.task_type, config.exclude_modules = "TOKEN_CLS", ["score", "classifier"]
        return config

    def setup(self, task: Task) -> Setup:
        """A Trainer over labelled steps, in ready-made batches."""
        from datasets import Dataset
        from peft import get_peft_model
        from transformers import TrainingArguments

        model, tokenizer = task.student
        found = list(labelled_all(task.traces, self.labels))
        own = split(found, self.held_out, task.seed)
        kept, aside = (found, list(labelled_all(task.held_out, self.labels))) if task.held_out else own
        limit = min(self.max_length, tokenizer.model_max_length)
        rows, apart = (list(step_rows(tokenizer, part, limit)) for part in (kept, aside))
        if not rows:
            raise UserError(
                f"None of the {len(task.traces)} rows says which of its steps are right: import step labels, such as "
                f"first-error positions, or choose labels 'arithmetic' (now '{self.labels}')."
            )
        lengths = [len(row.token_ids) for row in rows]
        order = draw(lengths, epochs=self.num_train_epochs, budget=self.max_train_tokens, seed=task.seed)
        batches = group(
            order, lengths, rows=self.per_device_train_batch_size, tokens=self.batch_tokens, seed=task.seed
        )
        shared = self.arguments(task, -(-len(batches) // self.gradient_accumulation_steps))
        steps = [label for row in rows for label in row.labels if label >= 0]
        facts: dict[str, Any] = {
            "rows": len(task.traces),
            "rows_trained": len(rows),
            "rows_held_out": len(apart),
            "rows_unlabelled": len(task.traces) - len(found),
            "steps_labelled": len(steps),
            "steps_right": sum(steps),
            "rows_seen": len(order),
            "tokens_planned": sum(lengths[row] for row in order),
            "learning_rate": shared["learning_rate"],
        }
        config = self.lora_config()
        trainer = step_trainer(
            apart,
            facts,
            model=get_peft_model(model, config) if config else model,
            args=TrainingArguments(**shared),
            data_collator=StepCollator(rows, tokenizer),
            train_dataset=Dataset.from_dict({"rows": batches}),
            processing_class=tokenizer,
        )
        return Setup(trainer, facts)
