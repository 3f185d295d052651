"""Odds-ratio preference optimisation against the student's own wrong answers, with TRL's ORPOTrainer.

ORPO-Distill: the teacher's right traces are chosen; the rejected ones are drawn from the student and refreshed before
every epoch, half of them from the newest weights and half from the initial ones.
"""

from collections import Counter
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from curation.backends.transformers_model import TransformersModel
from curation.errors import UserError
from curation.exports.pairs import Pair, Pairs
from curation.exports.render import render_completion, render_prompt
from curation.params import Fraction, Positive
from training.losses.experimental import Nll, orpo_trainer
from training.losses.negatives import Sampling, distinct, kept, refresh
from training.losses.preferences import Preferences, SplitCollator, pairs_of, right_traces
from training.objective import Setup, Task


class Orpo(Preferences):
    """Learn right traces and raise their odds over the student's own wrong answers."""

    rates: ClassVar[tuple[float, float, float]] = (1e-3, 8e-6, 8e-5)  # ours: it fine-tunes too

    objective: Literal["orpo"] = "orpo"
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Peak learning rate; empty: 1e-3 below 10 M weights, 8e-6, LoRA 8e-5"
    )
    num_train_epochs: Positive = Field(
        5, description="Passes over the pairs, each with fresh negatives"
    )  # the paper's
    beta: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of the odds ratio, the paper's lambda")
    nll: Nll = Field("full", description="Likelihood of question and answer, or of the answer alone")  # TRL: full
    negatives: Literal["student", "set"] = Field("student", description="Where wrong answers come from")
    k: Positive = Field(8, description="Most right and most wrong traces of a problem")  # the paper's K
    phi: Fraction = Field(0.5, description="Share of negatives from the newest student")  # the paper's best
    temperature: Annotated[float, Field(gt=0)] = Field(0.8, description="Temperature of the draws")  # the paper's tau
    max_new_tokens: Positive = Field(512, description="Longest answer drawn, in tokens")  # ours
    rouge_max: Fraction = Field(0.8, description="Highest ROUGE-L of two traces of a problem")  # the paper's 0.80

    def stages(self) -> tuple[str, ...]:
        """One for each epoch, since each has negatives of its own."""
        if self.negatives == "set":
            return ("",)
        return tuple(f"epoch {number + 1}" for number in range(self.num_train_epochs))

    def setup(self, task: Task) -> Setup:
        """TRL's ORPOTrainer on this stage's pairs."""
        from datasets import Dataset

        found, facts = self._drawn(task) if self.negatives == "student" else self._of_the_set(task)
        pairs = self.rendered(task, found)
        n_stages = len(self.stages())
        budget = self.max_train_tokens and max(1, self.max_train_tokens // n_stages)
        plan = self.plan(task, pairs, budget, self.num_train_epochs / n_stages)
        tokenizer = task.student.tokenizer
        parts = {
            "model": task.student.model,
            "data_collator": SplitCollator(pairs, tokenizer.pad_token_id),
            "train_dataset": Dataset.from_dict({"rows": plan.batches}),
            "processing_class": tokenizer,
            "peft_config": self.lora_config(),
        }
        trainer = orpo_trainer(self.nll, self.beta, plan.arguments, parts)
        return Setup(trainer, {**facts, "pairs_cut_alike": len(found) - len(pairs), **plan.facts})

    def _of_the_set(self, task: Task) -> tuple[list[Pair], dict[str, Any]]:
        pairs = pairs_of(task, Pairs(right=self.right, chosen="first", rejected="first", per_problem=self.k))
        return pairs, {"rows": len(task.traces)}

    def _drawn(self, task: Task) -> tuple[list[Pair], dict[str, Any]]:
        """Right traces and this stage's negatives of a problem, paired in their order."""
        from accelerate import PartialState

        rights = right_traces(task, self.right)
        chosen = {problem_id: distinct(traces, self.k, self.rouge_max) for problem_id, traces in rights.items()}
        problems = [traces[0].problem for traces in chosen.values()]
        model = task.student.model.to(PartialState().device).eval()
        how = Sampling(
            self.k, self.phi, self.temperature, self.max_new_tokens, self.rouge_max, self.instruction, task.seed
        )
        student = TransformersModel(task.student._replace(model=model))
        draws = refresh(student, problems, task.stage, how, task.out / "negatives", task.progress)
        pairs = [
            (Pair(render_prompt(trace), render_completion(trace), draw["text"], trace.id, ""), draw["negative_source"])
            for problem_id, wrong in kept(draws).items()
            for trace, draw in zip(chosen[problem_id], wrong, strict=False)
        ]
        if not pairs:
            raise UserError(
                f"Of {len(draws):,} answers the student gave to {len(problems):,} training problems none is wrong, so "
                "there is nothing to prefer: raise k or temperature, or take the set's wrong traces (negatives: set)."
            )
        verdicts, used = Counter(draw["verdict"] for draw in draws), Counter(source for _, source in pairs)
        facts = {"rows": len(task.traces), "draws": dict(verdicts), "negatives": dict(used)}
        return [pair for pair, _ in pairs], facts
