"""What objective `grpo` trains on: prompts made of problems, their pass rates, and a TRL trainer that reads them."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.backends.transformers_model import Loaded, TransformersModel
from curation.decoding import Prompt as DecodePrompt
from curation.decoding import decode
from curation.models import Request, ask
from curation.runs import replace_text
from curation.trace import Problem, Trace
from training.answering.step_scorer import StepScorer
from training.losses.thinking import Thinking, opened, prompt_text
from training.rewards.expression import Reward, Scored
from training.rewards.rollout import Rollout

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl import GRPOTrainer

CHUNK = 32  # ours: problems sampled between two writes of their pass rates


@dataclass(frozen=True, slots=True)
class Prompt:
    """A problem as the student is asked it, and the budget of tokens it is asked to keep to."""

    problem: Problem
    text: str
    budget: int | None = None

    def rollout(self, text: str, token_ids: Sequence[int], *, finished: bool, cap: int) -> Rollout:
        """A completion of this prompt."""
        return Rollout(
            self.problem.question, self.problem.reference or "", text, tuple(token_ids), finished, cap, self.budget,
            opened(self.text),
        )  # fmt: skip


def problems(traces: Iterable[Trace]) -> list[Problem]:
    """The distinct problems with a reference, in order of appearance."""
    found = {trace.problem.id: trace.problem for trace in traces if (trace.problem.reference or "").strip()}
    return list(found.values())


def with_budgets(found: Sequence[Problem], budgets: Sequence[int], seed: int) -> list[tuple[Problem, int | None]]:
    """Every problem with a budget drawn by seed, or with none where there are no budgets."""
    rng = random.Random(f"budgets {seed}")
    return [(problem, rng.choice(budgets) if budgets else None) for problem in found]


def prompts(
    tokenizer: "PreTrainedTokenizerBase",
    found: Iterable[tuple[Problem, int | None]],
    instruction: str,
    thinking: Thinking,
) -> list[Prompt]:
    """Every problem asked with the instruction, and to keep to its budget where it has one."""
    return [
        Prompt(problem, prompt_text(tokenizer, ask(problem.question, instruction, **slots(budget)), thinking), budget)
        for problem, budget in found
    ]


def slots(budget: int | None) -> dict[str, int]:
    """What an instruction may hold besides the question."""
    return {} if budget is None else {"budget": budget}


@dataclass(frozen=True, slots=True)
class Sampler:
    """Samples the student as it is, before training."""

    student: Loaded
    cap: int
    temperature: float
    top_p: float
    seed: int

    def sample(self, asked: Sequence[Prompt], n: int) -> list[list[Rollout]]:
        """As many rollouts of every prompt, in their order."""
        requests = [
            Request(prompt.text, self.cap, self.temperature, self.seed_of(prompt, number), self.top_p)
            for prompt in asked
            for number in range(n)
        ]
        answers = self.model().complete(requests)
        rollouts = [
            asked[place // n].rollout(one.text, one.token_ids, finished=one.finish_reason == "stop", cap=self.cap)
            for place, one in enumerate(answers)
        ]
        return [rollouts[start : start + n] for start in range(0, len(rollouts), n)]

    def seed_of(self, prompt: Prompt, number: int) -> int:
        """A seed that depends on nothing else that is sampled."""
        return random.Random(f"{self.seed} {prompt.problem.id} {number}").getrandbits(32)

    def model(self) -> TransformersModel:
        """The student where it will be trained, decoding as it will then."""
        import torch

        place = "cuda" if torch.cuda.is_available() else "cpu"
        return TransformersModel(self.student._replace(model=self.student.model.to(place).eval()))

    def successes(self, asked: Sequence[Prompt], n: int, right: Callable[[Rollout], float], path: Path) -> list[int]:
        """How many of n samples of each prompt are right; kept in a file, so a resumed run samples none twice."""
        known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        missing = [prompt for prompt in asked if prompt.problem.id not in known]
        for start in range(0, len(missing), CHUNK):
            part = missing[start : start + CHUNK]
            for prompt, rollouts in zip(part, self.sample(part, n), strict=True):
                known[prompt.problem.id] = sum(right(rollout) == 1.0 for rollout in rollouts)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(path, json.dumps(known))
        return [known[prompt.problem.id] for prompt in asked]


@dataclass(frozen=True, slots=True)
class RewardFunction:
    """The one reward function TRL is given; it logs the mean of every part."""

    reward: Reward
    prompts: dict[str, Prompt]
    stop_ids: frozenset[int]
    cap: int
    scorer: StepScorer | None = None
    kept: Path | None = None  # a folder that gets the answers of one prompt, of every update
    __name__ = "expression"

    def __call__(
        self,
        prompts: Sequence[str],
        completions: Sequence[str],
        completion_ids: Sequence[Sequence[int]],
        log_metric: Callable[[str, float], None],
        trainer_state: Any,  # noqa: ANN401  (a TrainerState)
        **rest: object,
    ) -> list[float]:
        """The reward of every completion."""
        rollouts = [
            self.prompts[prompt].rollout(text, ids, finished=ids[-1] in self.stop_ids, cap=self.cap)
            for prompt, text, ids in zip(prompts, completions, completion_ids, strict=True)
        ]
        if self.scorer:
            rollouts = [self.scored(rollout, self.scorer) for rollout in rollouts]
        found = self.reward(rollouts)
        for name, values in found.parts.items():
            log_metric(f"rewards/{name}/mean", sum(values) / len(values))
        if self.kept:
            self.keep(rollouts, found, self.kept / f"step-{trainer_state.global_step:07d}.json")
        return found.rewards

    @staticmethod
    def keep(rollouts: Sequence[Rollout], found: Scored, path: Path) -> None:
        """Write the answers to the first question with the value of every part; a resumed run writes the same file."""
        rows = [
            {
                "question": rollout.question,
                "reference": rollout.reference,
                "budget": rollout.budget,
                "text": rollout.text,
                "answer": rollout.final,
                "n_tokens": rollout.n_tokens,
                "finished": rollout.finished,
                "reward": found.rewards[place],
                **{name: values[place] for name, values in found.parts.items()},
            }
            for place, rollout in enumerate(rollouts)
            if rollout.question == rollouts[0].question
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(rows, indent=1, ensure_ascii=False))

    @staticmethod
    def scored(rollout: Rollout, scorer: StepScorer) -> Rollout:
        """The rollout with the scores of its steps."""
        return replace(rollout, step_scores=tuple(scorer.scores(rollout.question, rollout.reasoning)))


def text_trainer(**arguments: Any) -> "GRPOTrainer":  # noqa: ANN401
    """TRL's GRPOTrainer over rendered prompts, which it would else give a second start token.

    On one device answers are decoded as in evaluation, where finished rows are dropped.
    """
    from trl import GRPOTrainer

    class TextTrainer(GRPOTrainer):  # type: ignore[misc]
        def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
            return self.processing_class(prompts, add_special_tokens=False)["input_ids"], None, {}

        def _generate_single_turn(self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if self.use_vllm or self.accelerator.num_processes > 1:
                return super()._generate_single_turn(prompt_ids, *args, **kwargs)
            seeds = random.Random(f"answers {self.args.seed} {self.state.global_step}")
            asked = [
                DecodePrompt(ids, self.max_completion_length, self.temperature, seeds.getrandbits(32), self.top_p)
                for ids in prompt_ids
            ]
            self.model.eval()  # with gradient checkpointing a model in training keeps no cache
            found = sorted(decode(self.model, asked, frozenset(self.eos_token_ids), len(asked)))
            self.model.train()
            return [ids for _, ids, _ in found], None

    return TextTrainer(**arguments)
