"""Rows of numbers of unequal length as one tensor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def padded(rows: Sequence[Sequence[int]], fill: int) -> "torch.Tensor":
    """The rows filled up on the right to the longest."""
    import torch

    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])


def mask(rows: Sequence[Sequence[int]]) -> "torch.Tensor":
    """1 where a row has a number, 0 where it is filled up."""
    return padded([[1] * len(row) for row in rows], 0)
