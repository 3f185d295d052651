"""What Winnow uses of trl.experimental, which may change with any release and is therefore imported here alone."""

import os
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch
    from transformers import Trainer

os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # the warning says what the line above does
Nll = Literal["full", "completion"]


def generalized_jsd(
    student: "torch.Tensor", reference: "torch.Tensor", *, beta: float, temperature: float, count: "torch.Tensor"
) -> "torch.Tensor":
    """TRL's generalised Jensen-Shannon divergence of two rows of logits, summed and divided by the count."""
    from trl.experimental.gkd import GKDTrainer

    loss: torch.Tensor = GKDTrainer.generalized_jsd_loss(
        student, reference, beta=beta, temperature=temperature, num_items_in_batch=count
    )
    return loss


def orpo_trainer(nll: Nll, beta: float, arguments: dict[str, Any], parts: dict[str, Any]) -> "Trainer":
    """TRL's ORPOTrainer over ready-made batches, its likelihood term over the whole row or the completion alone."""
    import torch.nn.functional as F
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    class Ready(ORPOTrainer):  # type: ignore[misc]
        def tokenize_row(self, feature: dict[str, Any], model: Any = None) -> dict[str, Any]:  # noqa: ANN401
            return {}  # the collator has the tokens

        def concatenated_forward(self, model: Any, batch: dict[str, Any]) -> tuple[Any, ...]:  # noqa: ANN401
            found: tuple[Any, ...] = super().concatenated_forward(model, batch)
            if nll == "full":
                return found
            logits, labels = found[2], batch["chosen_labels"]
            labels = F.pad(labels, (0, logits.shape[1] + 1 - labels.shape[1]), value=-100)[:, 1:]
            return (*found[:4], F.cross_entropy(logits.transpose(1, 2), labels), *found[5:])

    # max_length is for texts; tokens come cut
    return Ready(args=ORPOConfig(**arguments, beta=beta), **parts)
