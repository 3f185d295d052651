"""Held-out problems: chosen by a hash, never trained on, measured while the student learns.

A problem is held out by its own hash, so runs on different sets with the same share leave out the same problems.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from curation.backends.transformers_model import Loaded, TransformersModel
from curation.errors import UserError
from curation.models import Request, ask
from curation.trace import Trace
from training.evaluate import grade
from training.objective import Objective, Task
from training.rows.batches import group
from training.rows.collate import Collator
from training.rows.data import IGNORED
from training.strategy import Attempt

MOST_ROWS = 256  # ours: held-out rows whose loss is measured
ANSWER = 512  # tokens; as long as the greedy strategy's answers


class Split(NamedTuple):
    """Traces to train on, and those of the held-out problems."""

    trained: list[Trace]
    held_out: list[Trace]


def split(traces: Sequence[Trace], share: float, seed: int) -> Split:
    """Hold out about this share of the problems, at least one of them; UserError when none is left to train on."""
    if share == 0 or not traces:
        return Split(list(traces), [])
    places = {trace.problem.id: _place(trace.problem.id, seed) for trace in traces}
    limit = max(share, min(places.values()))
    chosen = {problem for problem, place in places.items() if place <= limit}
    if len(chosen) == len(places):
        raise UserError(
            f"held_out ({share}) leaves none of the {len(places)} problems of the set to train on; lower it, or "
            "choose a larger set."
        )
    trained = [trace for trace in traces if trace.problem.id not in chosen]
    return Split(trained, [trace for trace in traces if trace.problem.id in chosen])


def _place(problem: str, seed: int) -> float:
    """A number from 0 to 1, the same for a problem whatever set it is in."""
    digest = hashlib.sha256(f"held out {seed} {problem}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class HeldOut:
    """Measures a student on problems it is not trained on."""

    def __init__(self, objective: Objective, task: Task) -> None:
        """Render the rows the loss is measured on, and choose the problems to answer."""
        self.rows = [row for row in objective.held_out_rows(task)[:MOST_ROWS] if row.trained]
        self.tokenizer, self.answer = task.student.tokenizer, min(ANSWER, objective.max_length)
        lengths = [row.kept for row in self.rows]
        most, tokens = objective.per_device_train_batch_size, objective.batch_tokens
        self.batches = group(range(len(lengths)), lengths, rows=most, tokens=tokens, seed=0)
        known = {trace.problem.id: trace.problem for trace in task.held_out if trace.problem.reference}
        self.problems = list(known.values())[: objective.eval_problems]

    def measure(self, model: Any) -> dict[str, float]:  # noqa: ANN401  (a transformers model)
        """Loss per trained token, and the share of problems answered right by greedy decoding; what applies."""
        was_training = model.training
        model.eval()
        found = {"held_out_loss": self._loss(model), "held_out_accuracy": self._accuracy(model)}
        model.train(was_training)
        return {name: round(value, 5) for name, value in found.items() if value is not None}

    def _loss(self, model: Any) -> float | None:  # noqa: ANN401
        import torch
        from torch.nn.functional import cross_entropy

        collate, total, tokens = Collator(self.rows, self.tokenizer.pad_token_id), 0.0, 0
        with torch.inference_mode():
            for batch in self.batches:
                inputs = {name: part.to(model.device) for name, part in collate([{"rows": batch}]).items()}
                wanted = inputs.pop("labels")[:, 1:]
                logits = model(**inputs).logits[:, :-1].float()
                lost = cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=IGNORED, reduction="sum")
                total, tokens = total + float(lost), tokens + int((wanted != IGNORED).sum())
        return total / tokens if tokens else None

    def _accuracy(self, model: Any) -> float | None:  # noqa: ANN401
        if not self.problems:
            return None
        requests = [Request(ask(problem.question), self.answer) for problem in self.problems]
        answers = TransformersModel(Loaded(model, self.tokenizer)).complete(requests)
        graded = [grade(Attempt(*pair)) for pair in zip(self.problems, answers, strict=True)]
        return sum(bool(row["correct"]) for row in graded) / len(graded)
