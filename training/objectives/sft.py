"""Supervised fine-tuning on chosen sections of a curated set's rows, with TRL's SFTTrainer.

Loss sections: "Distilling the Essence" (six masks of prompt, reasoning, answer). Tasks told apart by instruction and
weighed lambda L_cot + (1 - lambda) L_pot: "Mixed Distillation". Budgets in the question: "BARD".
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from curation.trace import Form
from training.losses.completions import Completions
from training.losses.supervised import Average, Scheme
from training.objective import Task
from training.rows.batches import group, join
from training.rows.collate import Collator
from training.rows.data import Rendered

Weight = Annotated[float, Field(ge=0)]


class Sft(Completions):
    """Train on what the teacher wrote, the question given; loss on chosen sections only."""

    objective: Literal["sft"] = "sft"
    weights: dict[Form, Weight] = Field({}, description="Weight of each form's mean loss; empty: rows as they come")
    average: Average = Field("token", description="What counts alike in the loss of a batch")
    packing: bool = Field(False, description="Rows one behind the other, without padding or attention across")

    def collator(self, task: Task, rows: Sequence[Rendered]) -> Collator:
        """Makes tensors of a batch's rows, packed and weighed as asked."""
        scheme = Scheme(self.average, self.weights)
        scheme.check(rows)
        weigh = None if scheme.plain else scheme.weigher(rows)
        return Collator(rows, task.student.tokenizer.pad_token_id, packing=self.packing, weigh=weigh)

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
