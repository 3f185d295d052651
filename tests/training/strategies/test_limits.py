from training.answering.stages import Stage
from training.strategies.best_of_n import BestOfN
from training.strategies.budget import Budget
from training.strategies.greedy import Greedy
from training.strategies.instruction import Instruction
from training.strategies.pipeline import Pipeline
from training.strategies.ppl_preference import PplPreference
from training.strategies.sample_n import SampleN
from training.strategies.think_free import ThinkFree
from training.strategies.vote import Member, Vote


def test_the_most_tokens_of_a_problem_follow_from_the_limits():
    assert Greedy(max_new_tokens=50).most_tokens() == 50
    assert SampleN(n=4, max_new_tokens=50).most_tokens() == 200
    assert Budget(budgets=[100, 200], answer_tokens=10).most_tokens() == 320
    assert Budget(budgets=[100, 200], answer_tokens=10, force=False, thinking_tokens=500).most_tokens() == 1020
    assert BestOfN(n=3, max_new_tokens=50).most_tokens() == 150
    assert ThinkFree(max_new_tokens=50).most_tokens() == 50
    assert Instruction(instructions=["{question}", "{question}!"], max_new_tokens=50).most_tokens() == 100


def test_every_voter_and_every_stage_that_is_asked_counts():
    members = [Member(n=2, max_new_tokens=30), Member(form="pot", n=1, max_new_tokens=40)]
    assert Vote(members=members).most_tokens() == 100
    stages = [Stage(name="a", output="oracle"), Stage(name="b", max_new_tokens=20, output="shuffled")]
    assert Pipeline(stages=[*stages, Stage(name="c", max_new_tokens=7)]).most_tokens() == 27


def test_what_writes_nothing_has_no_limit_to_state():
    assert PplPreference().most_tokens() is None
