"""Reinforcement on answers that can be checked: TRL's GRPOTrainer with one reward expression (DeepSeekMath, DAPO)."""

from collections.abc import Sequence
from typing import Any, Literal

from curation.errors import UserError
from curation.models import TransformersModel
from training.grpo_settings import GrpoSettings
from training.objective import Setup, Task
from training.rewards.expression import parse
from training.rewards.parts import accuracy
from training.rollouts import Prompt, RewardFunction, Sampler, problems, prompts, text_trainer
from training.stage_switch import switch

PROBED = 16  # ours: problems tried before a run that leaves truncated answers out
RATES = "pass_rates.json"  # beside the checkpoints
ROLLOUTS = "rollouts"  # in out/, a folder for each stage


class Grpo(GrpoSettings):
    """Reinforce answers by a reward: several answers a problem, each weighed against the others."""

    objective: Literal["grpo"] = "grpo"

    def setup(self, task: Task) -> Setup:
        """TRL's GRPOTrainer over the set's problems."""
        from datasets import Dataset

        model, tokenizer = task.student
        asked, facts = self.chosen(task)
        if self.mask_truncated_completions:
            self.refuse_all_cut(task, asked)
        reward = RewardFunction(
            parse(self.reward),
            {prompt.text: prompt for prompt in asked},
            TransformersModel(task.student).stop_ids,
            self.caps()[task.stage],
            task.scorer(self.step_scorer) if self.step_scorer else None,
            task.checkpoints.parents[1] / ROLLOUTS / str(task.stage),
        )
        per_update = self.per_device_train_batch_size * self.gradient_accumulation_steps
        repeats = -(-per_update // (self.num_generations * len(asked)))  # TRL passes over batches that are not full
        config = self.config(task)
        trainer = text_trainer(
            model=model,
            args=config,
            reward_funcs=reward,
            train_dataset=Dataset.from_dict({"prompt": [prompt.text for prompt in asked] * repeats}),
            processing_class=tokenizer,
            peft_config=self.lora_config(),
        )
        if self.switch_window:
            trainer.add_callback(switch(self.switch_window))
        if trainer.ref_model is not None:  # TRL loads the first stage's student; the stage's own first weights count
            trainer.ref_model.load_state_dict(model.state_dict())
        answers = (task.stage + 1) * self.steps * per_update  # of all stages so far
        return Setup(trainer, facts | {"answers": answers, "learning_rate": config.learning_rate})

    def chosen(self, task: Task) -> tuple[list[Prompt], dict[str, Any]]:
        """The prompts to train on, and what was left out."""
        found, tokenizer = problems(task.traces), task.student.tokenizer
        every = prompts(tokenizer, found, self.instruction, self.prompt, self.budgets, task.seed)
        room = min(self.max_length, tokenizer.model_max_length - max(self.caps()))
        short = [one for one in every if len(tokenizer(one.text, add_special_tokens=False)["input_ids"]) <= room]
        facts: dict[str, Any] = {"rows": len(task.traces), "problems": len(found), "problems_short": len(short)}
        if not short:
            raise UserError(
                f"None of the {len(task.traces)} rows gives a problem to train on: {len(found)} problems have a "
                f"reference answer, and none of their prompts has at most {room} tokens. Raise max_length "
                f"({self.max_length}) or lower max_completion_length ({max(self.caps())})."
            )
        return self.in_band(task, short, facts) if self.band else (short, facts)

    def in_band(
        self, task: Task, asked: Sequence[Prompt], facts: dict[str, Any]
    ) -> tuple[list[Prompt], dict[str, Any]]:
        """Problems the first student solves sometimes and not always; nothing is learned from the others."""
        n, path = self.band or 0, task.checkpoints.parent / RATES
        counts = self.sampler(task).successes(asked, n, accuracy, path)
        kept = [prompt for prompt, count in zip(asked, counts, strict=True) if 0 < count < n]
        histogram = {str(count): counts.count(count) for count in sorted(set(counts))}
        if not kept:
            raise UserError(
                f"Of {len(asked)} problems none is solved in some and not all of {n} samples: {histogram} (successes: "
                "problems). Use easier or harder problems, a student trained before, or leave band empty."
            )
        return kept, facts | {"problems_in_band": len(kept), "successes": histogram}

    def refuse_all_cut(self, task: Task, asked: Sequence[Prompt]) -> None:
        """UserError when every answer would be cut off, and so left out of the loss."""
        tried = [rollouts[0] for rollouts in self.sampler(task).sample(asked[:PROBED], 1)]
        if not any(rollout.finished for rollout in tried):
            raise UserError(
                f"All of {len(tried)} sampled answers are cut off at {self.caps()[task.stage]} tokens, and "
                "mask_truncated_completions leaves those out, so nothing would be learned: raise "
                "max_completion_length, or turn mask_truncated_completions off."
            )

    def sampler(self, task: Task) -> Sampler:
        """The student at the start of the stage, sampled as in training."""
        return Sampler(task.student, self.caps()[task.stage], self.temperature, self.top_p, task.seed)
