"""How far a student's next tokens are from a reference's: the terms of knowledge distillation."""

import math
from typing import TYPE_CHECKING, Literal

from training.losses.experimental import generalized_jsd

if TYPE_CHECKING:
    import torch

Divergence = Literal["fkl", "rkl", "jsd", "skl", "tvd"]


def divergence(
    kind: Divergence,
    student: "torch.Tensor",
    reference: "torch.Tensor",
    *,
    beta: float,
    skew: float,
    temperature: float,
    count: "torch.Tensor",
) -> "torch.Tensor":
    """The divergence of logits, one row a token, summed over tokens and divided by the count."""
    if kind in ("fkl", "rkl", "jsd"):
        mixed = {"fkl": 0.0, "rkl": 1.0, "jsd": beta}[kind]
        return generalized_jsd(student, reference, beta=mixed, temperature=temperature, count=count)
    own, other = (logits.div(temperature).log_softmax(-1) for logits in (student, reference))
    if kind == "tvd":
        return (own.exp() - other.exp()).abs().sum() / 2 / count
    mixture = (other + math.log(skew)).logaddexp(own + math.log1p(-skew))
    return (other.exp() * (other - mixture)).sum() / count
