"""Which problems `grpo` asks, and how: what fits, what the student solves sometimes, and what would teach nothing."""

from collections.abc import Sequence
from typing import Any

from curation.errors import UserError
from training.losses.grpo_settings import GrpoSettings
from training.losses.rollouts import Prompt, Sampler, problems, prompts, with_budgets
from training.objective import Task
from training.rewards.parts import accuracy

PROBED = 16  # ours: problems tried before a run that leaves truncated answers out
RATES = "pass_rates.json"  # beside the checkpoints


class GrpoProblems(GrpoSettings):
    """The prompts of a grpo run."""

    def chosen(self, task: Task) -> tuple[list[Prompt], dict[str, Any]]:
        """The prompts to train on, and what was left out."""
        found, tokenizer = problems(task.traces), task.student.tokenizer
        drawn = with_budgets(found, self.budgets, task.seed)
        every = prompts(tokenizer, drawn, self.instruction, self.prompt)
        reads = min(tokenizer.model_max_length, task.student.model.config.get_text_config().max_position_embeddings)
        room = min(self.max_length, reads - max(self.caps()))
        short = [one for one in every if len(tokenizer(one.text, add_special_tokens=False)["input_ids"]) <= room]
        facts: dict[str, Any] = {"rows": len(task.traces), "problems": len(found), "problems_fitting": len(short)}
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
