"""Direct preference optimisation (Rafailov et al. 2023) on two traces of a problem, with TRL's DPOTrainer.

Conservative DPO and its sum with fine-tuning are those of Widening the Distillation Bottleneck, section 4.
"""

import copy
from typing import Annotated, Any, Literal

from pydantic import Field

from curation.exports.pairs import Against, Order, Pairs
from curation.params import Positive
from training.losses.preferences import PairCollator, Preferences, pairs_of
from training.objective import Setup, Task


class Dpo(Preferences):
    """Prefer a right trace to a wrong or longer one of its problem, kept close to the student it starts from."""

    objective: Literal["dpo"] = "dpo"
    chosen: Order = Field("shortest", description="Which right trace of a problem is chosen")
    against: Against = Field("wrong", description="Rejected: a wrong trace, or a right one that is longer")
    rejected: Order = Field("longest", description="Which of those of a problem is rejected")
    per_problem: Positive = Field(1, description="Most pairs of one problem")
    other_set: str = Field("", description="Set that gives the rejected traces; empty: this one")
    loss_type: Literal["sigmoid", "conservative"] = Field(
        "sigmoid", description="Plain, or with a share of pairs taken as the wrong way round"
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = Field(0.1, description="That share")  # ours
    beta: Annotated[float, Field(gt=0)] = Field(0.1, description="How much the student is held back")  # TRL
    sft_weight: Annotated[float, Field(ge=0)] = Field(0.0, description="Weight of fine-tuning on the chosen trace")
    mask_shared_prefix: bool = Field(False, description="Fine-tune only after what both traces begin with")

    def losses(self) -> dict[str, float]:
        """TRL's losses and their weights; conservative DPO is an exact sum of two of them."""
        smoothing = self.label_smoothing
        found = {"sigmoid": 1.0}
        if self.loss_type == "conservative":
            found = {"sigmoid": 2 * (1 - smoothing), "robust": -(1 - 2 * smoothing)}
        return found | ({"sft": self.sft_weight} if self.sft_weight else {})

    def setup(self, task: Task) -> Setup:
        """TRL's DPOTrainer over ready-made batches; with adapters the bare student is the reference."""
        from datasets import Dataset
        from trl import DPOConfig, DPOTrainer

        class Ready(DPOTrainer):  # type: ignore[misc]
            def _prepare_dataset(self, dataset: Any, *arguments: Any) -> Any:  # noqa: ANN401
                return dataset  # the collator has the tokens

        model, tokenizer = task.student
        choice = Pairs(
            right=self.right, chosen=self.chosen, against=self.against, rejected=self.rejected,
            per_problem=self.per_problem, other_set=self.other_set,
        )  # fmt: skip
        found = pairs_of(task, choice)
        pairs = self.rendered(task, found)
        if self.mask_shared_prefix:
            pairs = [pair.share_prefix() for pair in pairs]
        plan = self.plan(task, pairs, self.max_train_tokens, self.num_train_epochs)
        losses = self.losses()
        config = DPOConfig(
            **plan.arguments, beta=self.beta, label_smoothing=self.label_smoothing, loss_type=list(losses),
            loss_weights=list(losses.values()), max_length=None,
        )  # fmt: skip
        trainer = Ready(
            model,
            None if self.lora else copy.deepcopy(model),
            config,
            data_collator=PairCollator(pairs, tokenizer.pad_token_id),
            train_dataset=Dataset.from_dict({"rows": plan.batches}),
            processing_class=tokenizer,
            peft_config=self.lora_config(),
        )
        return Setup(trainer, {"rows": len(task.traces), "pairs_cut_alike": len(found) - len(pairs), **plan.facts})
