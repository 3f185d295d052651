"""Batches of rendered rows as padded tensors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.data import IGNORED, Rendered

if TYPE_CHECKING:
    import torch


class Collator:
    """Turns a dataset row that lists row numbers into the tensors of that batch."""

    def __init__(self, rows: Sequence[Rendered], pad_id: int) -> None:
        """Keep the rows' tokens and labels."""
        self.token_ids = [row.token_ids[: row.kept] for row in rows]
        self.labels = [row.labels for row in rows]
        self.pad_id = pad_id

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> "dict[str, torch.Tensor]":
        """The tensors of the batches named in `examples`, padded on the right."""
        import torch

        numbers = [number for example in examples for number in example["rows"]]
        ids, labels = [self.token_ids[n] for n in numbers], [self.labels[n] for n in numbers]
        width = max(map(len, ids))
        return {
            "input_ids": torch.tensor([row + [self.pad_id] * (width - len(row)) for row in ids]),
            "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids]),
            "labels": torch.tensor([row + [IGNORED] * (width - len(row)) for row in labels]),
        }
