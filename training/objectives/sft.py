"""Supervised fine-tuning on the completions of a curated set, with TRL's SFTTrainer."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from training.batches import draw, group
from training.collate import Collator
from training.data import Rendered, check, render_all
from training.objective import Objective, Setup, Task


class Sft(Objective):
    """Train on reasoning and answer, the question given; loss on the completion only."""

    objective: Literal["sft"] = "sft"
    defective_rows: Literal["keep", "drop"] = Field("keep", description="Whether rows with defects are trained on")

    def setup(self, task: Task) -> Setup:
        """TRL's SFTTrainer over ready-made batches."""
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer

        model, tokenizer = task.student
        rendered = list(render_all(tokenizer, task.traces, self.max_length))
        report = check(rendered)
        report.refuse()
        rows = self.trainable(rendered)
        lengths = [row.kept for row in rows]
        order = draw(lengths, epochs=self.num_train_epochs, budget=self.max_train_tokens, seed=task.seed)
        batches = group(
            order, lengths, rows=self.per_device_train_batch_size, tokens=self.batch_tokens, seed=task.seed
        )
        shared = self.arguments(task, -(-len(batches) // self.gradient_accumulation_steps))
        trainer = SFTTrainer(
            model,
            SFTConfig(**shared, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
            data_collator=Collator(rows, tokenizer.pad_token_id),
            train_dataset=Dataset.from_dict({"rows": batches}),
            processing_class=tokenizer,
            peft_config=self.lora_config(),
        )
        facts = {
            "rows": report.rows,
            "rows_trained": len(rows),
            "defects": {name: count for name, count in report.defects.items() if count},
            "rows_seen": len(order),
            "tokens_planned": sum(lengths[row] for row in order),
            "learning_rate": shared["learning_rate"],
        }
        return Setup(trainer, facts)

    def trainable(self, rows: Sequence[Rendered]) -> list[Rendered]:
        """Rows that carry loss and, where asked, no defect."""
        return [row for row in rows if row.trained and not (self.defective_rows == "drop" and row.defects)]
