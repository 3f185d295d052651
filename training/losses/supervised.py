"""What the supervised objectives share: what a row's tokens weigh in the loss, and a trainer that weighs them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from curation.errors import UserError
from curation.trace import Form
from training.rows.collate import Collator
from training.rows.data import Check, Rendered

if TYPE_CHECKING:
    from trl import SFTTrainer

Average = Literal["token", "row", "problem"]


@dataclass(frozen=True)
class Scheme:
    """How the tokens of a batch are averaged, and what each form's average weighs.

    token: all trained tokens count alike, as in TRL. row: each row's mean loss counts alike, however long the row.
    problem: the rows of a problem share one vote, and a row's loss is the sum over its tokens: SKIntern's
    -1/n sum_i 1/l_i sum_j log p(row ij). With `weights` the average is taken form by form, and these are added up.
    """

    average: Average = "token"
    weights: Mapping[Form, float] | None = None

    @property
    def plain(self) -> bool:
        """Whether it is what TRL's trainer does by itself."""
        return self.average == "token" and not self.weights

    def check(self, rows: Sequence[Rendered]) -> None:
        """UserError when rows have a form without a weight."""
        found = sorted({row.form for row in rows})
        missing = [form for form in found if self.weights and form not in self.weights]
        if missing:
            raise UserError(
                f"weights names {', '.join(sorted(self.weights or ()))}, but the set also has traces of form "
                f"{', '.join(missing)}; give each of {', '.join(found)} a weight, 0 to leave it out of the loss."
            )

    def weigher(self, rows: Sequence[Rendered]) -> "Weigher":
        """Gives the rows of a batch their weights."""
        return Weigher(self, rows)


class Weigher:
    """The weight of a token in each row of a batch, by row numbers."""

    def __init__(self, scheme: Scheme, rows: Sequence[Rendered]) -> None:
        """Count each row's tokens that the loss falls on, and the rows of each problem."""
        self.scheme = scheme
        self.forms = [row.form for row in rows]
        self.tokens = [row.predicted for row in rows]
        known = Counter(row.problem_id for row in rows)
        self.shares = [1 / known[row.problem_id] for row in rows]

    def __call__(self, numbers: Sequence[int]) -> list[float]:
        """One weight a row: times the summed loss of its tokens and added up, they give the batch's loss."""
        groups: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            groups[self.forms[number] if self.scheme.weights else ""].append(number)
        totals = {form: sum(map(self._size, group)) for form, group in groups.items()}
        return [self._weight(number, totals) for number in numbers]

    def _size(self, number: int) -> float:
        """What a row adds to the number its group's loss is divided by."""
        return {"token": self.tokens[number], "row": 1, "problem": self.shares[number]}[self.scheme.average]

    def _weight(self, number: int, totals: Mapping[str, float]) -> float:
        weights = self.scheme.weights
        form = self.forms[number] if weights else ""
        own = {"token": 1.0, "row": 1 / max(1, self.tokens[number]), "problem": self.shares[number]}
        return (weights[self.forms[number]] if weights else 1.0) * own[self.scheme.average] / max(totals[form], 1e-9)


def supervised(shared: Mapping[str, Any], collator: Collator, batches: Sequence[Sequence[int]]) -> dict[str, Any]:
    """What TRL's SFTTrainer needs to take ready-made batches."""
    from datasets import Dataset
    from trl import SFTConfig

    return {
        "args": SFTConfig(**shared, max_length=None, dataset_kwargs={"skip_prepare_dataset": True}),
        "data_collator": collator,
        "train_dataset": Dataset.from_dict({"rows": [list(batch) for batch in batches]}),
    }


def supervised_trainer(arguments: Mapping[str, Any]) -> "SFTTrainer":
    """TRL's SFTTrainer; rows with weights of their own are weighed."""
    from trl import SFTTrainer

    class Weighed(SFTTrainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            weights = inputs.pop("row_weights", None)
            if weights is None:
                return super().compute_loss(model, inputs, *args, **kwargs)
            outputs = model(**inputs, use_cache=False, fused_lm_head=True)
            lost = -outputs.log_probs * spread(weights, inputs)
            # accumulated batches count alike, each with its own averages
            return lost.sum() / self.current_gradient_accumulation_steps

    return Weighed(**arguments)


def spread(weights: Any, inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401  (tensors)
    """Each row's weight at every place where its loss falls: at the token before the one predicted."""
    if "position_ids" not in inputs:
        return weights[:, None]
    rows = (inputs["position_ids"] == 0).cumsum(-1) - 1
    return weights[rows][:, 1:]


def facts(report: Check, rows: Sequence[Rendered], batches: Sequence[Sequence[int]]) -> dict[str, Any]:
    """What scores.json says of the rows."""
    return {
        "rows": report.rows,
        "rows_trained": len(rows),
        "rows_untrained": report.defects["no_trained_token"],
        "defects": {name: count for name, count in report.defects.items() if count},
        "rows_seen": sum(map(len, batches)),
        "tokens_planned": sum(rows[row].kept for batch in batches for row in batch),
    }
