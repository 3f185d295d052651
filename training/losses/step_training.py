"""What objective `prm` trains with: rows labelled at the marks behind their steps, a Trainer that states its AUC."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from training.answering.step_scorer import SEPARATOR, encode
from training.losses.step_labels import Labelled
from training.rows.data import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, Trainer


class StepRow(NamedTuple):
    """The tokens of a solution and its labels: 1 right and 0 wrong at the marks, ignored elsewhere."""

    token_ids: list[int]
    labels: list[int]

    @classmethod
    def of(cls, token_ids: list[int], places: Sequence[int], right: Sequence[bool]) -> "StepRow":
        """Label the places of the steps that were kept."""
        labels = [IGNORED] * len(token_ids)
        for place, label in zip(places, right, strict=False):
            labels[place] = int(label)
        return cls(token_ids, labels)


def split(found: Sequence[Labelled], share: float, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """What is trained on and what is held out: whole problems, drawn by seed."""
    questions = sorted({one.question for one in found})
    aside = set(random.Random(f"held out {seed}").sample(questions, int(share * len(questions))))
    return [one for one in found if one.question not in aside], [one for one in found if one.question in aside]


def step_rows(tokenizer: "PreTrainedTokenizerBase", found: Iterable[Labelled], limit: int) -> Iterator[StepRow]:
    """Tokens and labels of every row with a step that fits."""
    for one in found:
        row = encode(tokenizer, one.question, one.steps, SEPARATOR, limit)
        if row.places:
            yield StepRow.of(row.token_ids, row.places, one.right)


class StepCollator:
    """Turns a dataset row that lists row numbers into the tensors of that batch."""

    def __init__(self, rows: Sequence[StepRow], tokenizer: "PreTrainedTokenizerBase") -> None:
        """Keep the rows and pad as the tokenizer does."""
        from transformers import DataCollatorForTokenClassification

        self.rows = rows
        self.pad = DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)

    def __call__(self, examples: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        """The tensors of the batches named in `examples`."""
        chosen = [self.rows[number] for example in examples for number in example["rows"]]
        return dict(self.pad([{"input_ids": row.token_ids, "labels": row.labels} for row in chosen]))


def auc(scores: Sequence[float], right: Sequence[bool]) -> float | None:
    """The chance that a right step is scored above a wrong one, ties by half; None without one of both."""
    from scipy.stats import rankdata

    n_right = sum(right)
    n_wrong = len(right) - n_right
    if not n_right or not n_wrong:
        return None
    ranks = float(sum(rank for rank, label in zip(rankdata(scores), right, strict=True) if label))
    return (ranks - n_right * (n_right + 1) / 2) / (n_right * n_wrong)


def step_trainer(held_out: Sequence[StepRow], facts: dict[str, Any], **arguments: Any) -> "Trainer":  # noqa: ANN401
    """A Trainer that logs the AUC of the batches since the last log, each scored before it is learned from.

    At the end the AUC of the rows held out is written to the facts; so is the one before the first update.
    """
    from transformers import Trainer

    class StepTrainer(Trainer):  # type: ignore[misc]
        seen: tuple[list[float], list[bool]] = ([], [])

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            kwargs["return_outputs"] = True
            loss, outputs = super().compute_loss(model, inputs, *args, **kwargs)
            scores, right = judged(outputs.logits.detach(), inputs["labels"])
            self.seen = (self.seen[0] + scores, self.seen[1] + right)
            return loss

        def train(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            facts.setdefault("auc_before", self.measure())
            output = super().train(*args, **kwargs)
            facts["auc"] = self.measure()
            return output

        def measure(self) -> float | None:
            found = [self.judge(row) for row in held_out]
            return auc(
                [score for scores, _ in found for score in scores], [one for _, right in found for one in right]
            )

        def judge(self, row: StepRow) -> tuple[list[float], list[bool]]:
            import torch

            with torch.no_grad():
                logits = self.model(input_ids=torch.tensor([row.token_ids], device=self.model.device)).logits
            return judged(logits, torch.tensor([row.labels], device=logits.device))

        def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            value, self.seen = auc(*self.seen), ([], [])
            super().log(logs | ({"auc": value} if "loss" in logs and value is not None else {}), *args, **kwargs)

    return StepTrainer(**arguments)


def judged(logits: Any, labels: Any) -> tuple[list[float], list[bool]]:  # noqa: ANN401  (tensors)
    """The probability of right and the label of every judged step of a batch."""
    places = labels != IGNORED
    return logits[places].float().softmax(-1)[:, 1].tolist(), (labels[places] == 1).tolist()
