"""Cross-entropy mixed with a divergence from a reference: the trainer, and the other prompt a reference may be given.

    loss = (1 - weight) * CE + weight * divergence, both means over the trained tokens

The reference is another model, or the student itself without gradient. Asked with another prompt it reads the same
completion, so the tokens of the two rows are compared one by one although the prompts differ in length.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.losses.divergence import Divergence, divergence
from training.rows.data import IGNORED, Rendered
from training.rows.padding import mask, padded

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel
    from trl import SFTTrainer

Batch = dict[str, Any]
Collate = Callable[[Sequence[dict[str, list[int]]]], "dict[str, torch.Tensor]"]
OTHER = "other_"  # begins the names of a batch's tensors that are the reference's row


@dataclass(frozen=True, slots=True)
class Mix:
    """The divergence, its weight, and what shapes it."""

    weight: float
    divergence: Divergence
    beta: float
    skew: float
    temperature: float
    scale_tau2: bool

    def distance(self, logits: "torch.Tensor", other: "torch.Tensor", count: "torch.Tensor | int") -> "torch.Tensor":
        """How far the first logits are from the second, summed over tokens and divided by the count."""
        import torch

        width = min(logits.shape[-1], other.shape[-1])  # some models pad their vocabulary
        found = divergence(
            self.divergence, logits[:, :width], other[:, :width], beta=self.beta, skew=self.skew,
            temperature=self.temperature, count=torch.as_tensor(count, device=logits.device),
        )  # fmt: skip
        return found * self.temperature**2 if self.scale_tau2 else found


class TwoPrompts:
    """Batches in which every row comes a second time, the reference's prompt before the same completion."""

    def __init__(
        self, plain: Collate, rows: Sequence[Rendered], prompts: Sequence[Sequence[int]], pad_id: int
    ) -> None:
        """Keep the collator of the student's rows and the reference's prompt of each."""
        self.plain, self.pad_id = plain, pad_id
        self.ids, self.labels, self.own = [], [], []
        for row, prompt in zip(rows, prompts, strict=True):
            shared = row.labels[row.n_prompt :]
            self.ids.append([*prompt, *row.token_ids[row.n_prompt : row.kept]])
            self.labels.append([IGNORED] * len(prompt) + shared)
            self.own.append([IGNORED] * row.n_prompt + shared)

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> "dict[str, torch.Tensor]":
        """The tensors of both rows; `other_own` marks in the student's row what is compared."""
        numbers = [number for example in examples for number in example["rows"]]
        ids = [self.ids[number] for number in numbers]
        return {
            **self.plain(examples),
            f"{OTHER}input_ids": padded(ids, self.pad_id),
            f"{OTHER}attention_mask": mask(ids),
            f"{OTHER}labels": padded([self.labels[number] for number in numbers], IGNORED),
            f"{OTHER}own": padded([self.own[number] for number in numbers], IGNORED),
        }


def distiller(mix: Mix, reference: "PreTrainedModel | None", arguments: Mapping[str, Any]) -> "SFTTrainer":
    """TRL's SFTTrainer with the mixed loss; without a reference the student is its own."""
    import torch
    import torch.nn.functional as F
    from trl import SFTTrainer

    class Distiller(SFTTrainer):  # type: ignore[misc]
        def __init__(self, **arguments: Any) -> None:  # noqa: ANN401
            super().__init__(**arguments)
            self.reference = None
            if reference is not None:
                self.reference = self.accelerator.prepare_model(reference.eval(), evaluation_mode=True)

        def compute_loss(self, model: Any, inputs: Batch, return_outputs: bool = False, **given: Any) -> Any:  # noqa: ANN401
            n_items = given.get("num_items_in_batch")  # over all batches that are accumulated
            own = {name: value for name, value in inputs.items() if not name.startswith(OTHER)}
            other = {name.removeprefix(OTHER): value for name, value in inputs.items() if name.startswith(OTHER)}
            labels = own.pop("labels")
            compared = other.pop("own", labels)
            seen = other.pop("labels", labels)
            outputs = model(**own, use_cache=False)
            wanted = labels[:, 1:] != IGNORED
            count = wanted.sum() if n_items is None else n_items
            ce = F.cross_entropy(_scored(outputs.logits, labels), labels[:, 1:][wanted], reduction="sum") / count
            kl = mix.distance(_scored(outputs.logits, compared), self._read(model, other or own, seen), count)
            logged = self._metrics["train" if self.model.training else "eval"]
            mine = count / wanted.sum().clamp(min=1)  # where batches are accumulated the count is that of all
            logged["ce"].append((ce * mine).item())
            logged["kl"].append((kl * mine).item())
            loss = (1 - mix.weight) * ce + mix.weight * kl
            if self.args.average_tokens_across_devices and n_items is not None:
                loss = loss * self.accelerator.num_processes  # gradients are averaged over processes
            return (loss, outputs) if return_outputs else loss

        def _read(self, model: Any, row: Batch, labels: "torch.Tensor") -> "torch.Tensor":  # noqa: ANN401
            """What the reference would write, without gradient and without dropout."""
            reader = self.reference or model
            training = reader.training
            reader.eval()
            with torch.no_grad():
                logits = _scored(reader(**row, use_cache=False).logits, labels)
            reader.train(training)
            return logits

    return Distiller(**arguments)


def _scored(logits: "torch.Tensor", labels: "torch.Tensor") -> "torch.Tensor":
    """The logits that predict labelled tokens, one row a token."""
    return logits[:, :-1][labels[:, 1:] != IGNORED].float()
