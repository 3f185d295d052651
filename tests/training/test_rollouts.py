from worlds import sum_trace

from curation.trace import Problem
from training.rewards.expression import parse
from training.rollouts import Prompt, RewardFunction, problems


class Falling:
    """A scorer whose scores fall from step to step."""

    def scores(self, question, reasoning):
        return [0.9 / (place + 1) for place, _ in enumerate(reasoning.split())]


def test_the_reward_function_scores_rollouts_and_logs_the_mean_of_every_part():
    prompt = Prompt(Problem("q", "4"), "<|u|>q<|a|>", budget=2)
    reward = RewardFunction(parse("accuracy * budget"), {prompt.text: prompt}, frozenset({1}), 9)
    logged = {}
    found = reward(
        prompts=[prompt.text] * 3,
        completions=["The answer is 4.", "The answer is 4.", "4"],
        completion_ids=[[7, 1], [7, 7, 1], [7, 7]],  # the last one was cut off: a bare number is no answer
        log_metric=logged.__setitem__,
        trainer_state=None,
    )
    assert found == [1.0, 0.0, 0.0]
    assert logged == {"rewards/accuracy/mean": 2 / 3, "rewards/budget/mean": 2 / 3}


def test_the_scores_of_the_steps_come_from_the_scorer():
    prompt = Prompt(Problem("q", "4"), "q")
    reward = RewardFunction(parse("accuracy * steps(gamma=0.25)"), {"q": prompt}, frozenset({1}), 9, Falling())
    found = reward(["q"] * 2, ["one </think> 4", "one two </think> 4"], [[1], [1]], log_metric=lambda name, mean: None)
    assert found == [1.0, 0.75]


def test_a_problem_counts_once_and_only_with_a_reference():
    first, second = sum_trace(1, 2), sum_trace(1, 2)
    assert problems([first, second]) == [first.problem]
