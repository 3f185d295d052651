"""Batches of rendered rows as tensors: padded on the right, or packed one behind the other."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from training.rows.data import IGNORED, Rendered

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]


class Collator:
    """Turns a dataset row that lists row numbers into the tensors of that batch."""

    def __init__(
        self,
        rows: Sequence[Rendered],
        pad_id: int,
        *,
        packing: bool = False,
        weigh: Callable[[Sequence[int]], list[float]] | None = None,
    ) -> None:
        """Keep the rows' tokens and labels; `weigh` gives each row of a batch the weight of its tokens."""
        self.token_ids = [row.token_ids[: row.kept] for row in rows]
        self.labels = [row.labels for row in rows]
        self.pad_id, self.packing, self.weigh = pad_id, packing, weigh

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> "Tensors":
        """The tensors of the batches named in `examples`."""
        import torch

        numbers = [number for example in examples for number in example["rows"]]
        ids, labels = [self.token_ids[n] for n in numbers], [self.labels[n] for n in numbers]
        tensors = packed(ids, labels) if self.packing else padded(ids, labels, self.pad_id)
        if self.weigh:
            tensors["row_weights"] = torch.tensor(self.weigh(numbers))
        return tensors


def padded(ids: Sequence[list[int]], labels: Sequence[list[int]], pad_id: int) -> "Tensors":
    """One row under the other, padded on the right."""
    import torch

    width = max(map(len, ids))
    return {
        "input_ids": torch.tensor([row + [pad_id] * (width - len(row)) for row in ids]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids]),
        "labels": torch.tensor([row + [IGNORED] * (width - len(row)) for row in labels]),
    }


def packed(ids: Sequence[list[int]], labels: Sequence[list[int]]) -> "Tensors":
    """One row behind the other, without padding.

    Transformers takes positions that begin anew, without an attention mask, for separate texts: no row attends to
    another. A row's first token is nobody's to predict. Without a kernel for it attention is computed over the whole
    batch and masked: on one CPU thread 2,400 tokens a second against 5,600 padded, in batches of 2,048 tokens.
    """
    import torch

    return {
        "input_ids": torch.tensor([[token for row in ids for token in row]]),
        "position_ids": torch.tensor([[place for row in ids for place in range(len(row))]]),
        "labels": torch.tensor([[label for row in labels for label in (IGNORED, *row[1:])]]),
    }
