"""Chunk-wise training (Skip-Thinking): one chunk of the reasoning at a time, the chunks before it given.

The set is one that `chunk` made: each trace ends with the chunk to learn. L_m is the mean over that chunk's tokens
alone, so a short core chunk is not averaged away by a long summary.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from curation.sections import Loss
from training.losses.supervised import Average
from training.objective import Task
from training.objectives.sft import Sft
from training.rows.batches import draw
from training.rows.data import Rendered
from training.rows.reading import Reading


class Chunkwise(Sft):
    """Train on one chunk of the reasoning at a time; the last one carries the answer."""

    objective: Literal["chunkwise"] = "chunkwise"  # type: ignore[assignment]
    average: Average = Field("row", description="What counts alike in the loss of a batch")
    # Skip-Thinking's iteration sees one chunk; that a batch holds chunks of one index is our reading of it
    batch_by: Literal["chunk", "random"] = Field("chunk", description="Chunks of one index to a batch, or any")

    def reading(self) -> Reading:
        """As sft, and of the reasoning only the chunk."""
        loss = Loss(tuple(self.sections), tuple(self.kinds), chunk=True)
        return Reading(loss, self.instruction, dict(self.instructions), tuple(self.budgets))

    def batches(self, rows: Sequence[Rendered], task: Task) -> list[list[int]]:
        """Rows as sft draws them; chunks of one index share a batch, and the batches are shuffled."""
        if self.batch_by == "random":
            return super().batches(rows, task)
        lengths = [row.kept for row in rows]
        order = draw(lengths, epochs=self.num_train_epochs, budget=self.max_train_tokens, seed=task.seed)
        by_index: dict[int, list[int]] = defaultdict(list)
        for row in order:
            by_index[rows[row].chunk].append(row)
        batches = [batch for _, group in sorted(by_index.items()) for batch in self.grouped(rows, group, task.seed)]
        random.Random(f"chunks {task.seed}").shuffle(batches)
        return batches
