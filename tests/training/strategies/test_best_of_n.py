import pytest
from solving import SUM, Line, lines, solved

from curation.backends.scripted import Scripted
from curation.errors import UserError
from training.strategies.best_of_n import BestOfN
from training.strategy import STRATEGIES


class KnownScores:
    """Step scores by solution."""

    def __init__(self, by_text):
        self.by_text = by_text

    def scores(self, question, reasoning):
        return self.by_text[reasoning]


SCORES = {"is 5": [0.9, 0.1, 0.8], "is 4": [0.7, 0.6, 0.5], "is 6": [0.2, 0.2, 0.9], "is 7": []}


@pytest.mark.parametrize(("how", "best", "score"), [("mean", 0, 0.6), ("min", 1, 0.5), ("last", 2, 0.9)])
def test_the_answer_with_the_best_steps_is_chosen(how, best, score):
    strategy = BestOfN(n=4, scorer="steps", by="judge", aggregate=how)
    table = solved(strategy, [SUM], Scripted(list(SCORES)), judge=KnownScores(SCORES))
    chosen = lines(table)[-1]
    assert chosen.output == list(SCORES)[best]
    assert (chosen.n_tokens, chosen.draft, chosen.facts["chosen"]) == (8, False, best)
    assert chosen.facts["score"] == pytest.approx(score)


def test_a_tie_goes_to_the_first_and_unscored_answers_come_last():
    scores = {"is 5": [], "is 4": [0.5], "is 6": [0.5]}
    strategy = BestOfN(n=3, scorer="steps", by="judge")
    table = solved(strategy, [SUM], Scripted(list(scores)), judge=KnownScores(scores))
    assert lines(table) == [
        Line("2 + 2?", 0, "is 5", "5", False, 2, {"score": None}, True),
        Line("2 + 2?", 1, "is 4", "4", True, 2, {"score": 0.5}, True),
        Line("2 + 2?", 2, "is 6", "6", False, 2, {"score": 0.5}, True),
        Line("2 + 2?", 0, "is 4", "4", True, 6, {"score": 0.5, "chosen": 1}),
    ]
    third = pytest.approx(1 / 3)
    assert strategy.measures(table) == {
        "avg@3": third, "pass@1": third, "pass@2": pytest.approx(2 / 3), "pass@3": 1.0,
        "maj@1": 0.0, "maj@2": 0.0, "maj@3": 0.0, "unscored": 0,
    }  # fmt: skip


def test_the_likeliest_answer_by_another_student_is_chosen():
    table = solved(BestOfN(n=2, by="mentor"), [SUM], Scripted(["is 5", "it is 4"]), mentor=Scripted(["it is 4"]))
    assert [(line.output, line.facts) for line in lines(table)] == [
        ("is 5", {"score": -5.5}),
        ("it is 4", {"score": -1.0}),
        ("it is 4", {"score": -1.0, "chosen": 1}),
    ]


def test_without_another_name_the_student_judges_itself():
    table = solved(BestOfN(n=2), [SUM], Scripted({"2 + 2?": "is 4"}))
    assert lines(table)[-1].facts == {"score": -1.0, "chosen": 0}


def test_a_scorer_of_steps_has_to_be_named():
    with pytest.raises(UserError, match="steps are scored by the run of a step scorer: name it in 'by'"):
        STRATEGIES.parse({"strategy": "best_of_n", "scorer": "steps"})
