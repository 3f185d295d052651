import json
from dataclasses import dataclass

from worlds import sum_trace

from curation.trace import Problem
from training.losses.rollouts import Prompt, RewardFunction, problems
from training.rewards.expression import parse


class Falling:
    """A scorer whose scores fall from step to step."""

    def scores(self, question, reasoning):
        return [0.9 / (place + 1) for place, _ in enumerate(reasoning.split())]


@dataclass
class State:
    """What TRL hands over of the trainer's state."""

    global_step: int


def unheard(name, mean):
    """Hear of a metric."""


def test_the_answers_to_one_question_are_kept_with_their_rewards(tmp_path):
    asked = {name: Prompt(Problem(name, "4"), name) for name in ("p", "q")}
    reward = RewardFunction(parse("accuracy - 1"), asked, frozenset({1}), 9, kept=tmp_path / "rollouts")
    reward(["q", "q", "p"], ["4", "5", "4"], [[1], [7, 1], [1]], unheard, State(3))
    shared = {"question": "q", "reference": "4", "budget": None, "finished": True}
    assert json.loads((tmp_path / "rollouts" / "step-0000003.json").read_text()) == [
        {**shared, "text": "4", "answer": "4", "n_tokens": 1, "reward": 0.0, "accuracy": 1.0},
        {**shared, "text": "5", "answer": "5", "n_tokens": 2, "reward": -1.0, "accuracy": 0.0},
    ]


def test_the_reward_function_scores_rollouts_and_logs_the_mean_of_every_part():
    prompt = Prompt(Problem("q", "4"), "<|u|>q<|a|>", budget=2)
    reward = RewardFunction(parse("accuracy * budget"), {prompt.text: prompt}, frozenset({1}), 9)
    logged = {}
    found = reward(
        prompts=[prompt.text] * 3,
        completions=["The answer is 4.", "The answer is 4.", "4"],
        completion_ids=[[7, 1], [7, 7, 1], [7, 7]],  # the last one was cut off: a bare number is no answer
        log_metric=logged.__setitem__,
        trainer_state=State(7),
    )
    assert found == [1.0, 0.0, 0.0]
    assert logged == {"rewards/accuracy/mean": 2 / 3, "rewards/budget/mean": 2 / 3}


def test_the_scores_of_the_steps_come_from_the_scorer():
    prompt = Prompt(Problem("q", "4"), "q")
    reward = RewardFunction(parse("accuracy * steps(gamma=0.25)"), {"q": prompt}, frozenset({1}), 9, Falling())
    found = reward(["q"] * 2, ["one </think> 4", "one two </think> 4"], [[1], [1]], unheard, State(0))
    assert found == [1.0, 0.75]


def test_a_problem_counts_once_and_only_with_a_reference():
    first, second = sum_trace(1, 2), sum_trace(1, 2)
    assert problems([first, second]) == [first.problem]
