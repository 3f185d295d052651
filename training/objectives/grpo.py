"""Reinforcement on answers that can be checked: TRL's GRPOTrainer with one reward expression (DeepSeekMath, DAPO)."""

from typing import Literal

from curation.backends.transformers_model import TransformersModel
from training.losses.grpo_problems import GrpoProblems
from training.losses.rollouts import RewardFunction, text_trainer
from training.losses.stage_switch import switch
from training.objective import Setup, Task
from training.rewards.expression import parse

ROLLOUTS = "rollouts"  # in out/, a folder for each stage


class Grpo(GrpoProblems):
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
        return Setup(trainer, facts | {"answers_planned": answers, "learning_rate": config.learning_rate})
