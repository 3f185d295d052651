from solving import PRODUCT, SUM, Line, lines, solved

from curation.backends.scripted import Scripted
from training.strategies.sample_n import SampleN


def test_every_problem_is_asked_n_times_and_measured_together():
    model = Scripted(["= 4", "= 5", "= 4", "= 4", "= 6", "= 7", "= 8", "no"])
    strategy = SampleN(n=4, temperature=0.5, top_p=0.9, max_new_tokens=7)
    table = solved(strategy, [SUM, PRODUCT], model)
    assert lines(table) == [
        Line("2 + 2?", 0, "= 4", "4", True, 2, {}),
        Line("2 + 2?", 1, "= 5", "5", False, 2, {}),
        Line("2 + 2?", 2, "= 4", "4", True, 2, {}),
        Line("2 + 2?", 3, "= 4", "4", True, 2, {}),
        Line("2 x 3?", 0, "= 6", "6", True, 2, {}),
        Line("2 x 3?", 1, "= 7", "7", False, 2, {}),
        Line("2 x 3?", 2, "= 8", "8", False, 2, {}),
        Line("2 x 3?", 3, "no", None, False, 1, {}),
    ]
    assert strategy.measures(table) == {
        "avg@4": 0.5,  # 3/4 and 1/4
        "pass@1": 0.5,
        "pass@2": 0.75,  # 1 and 1 - C(3,2)/C(4,2) = 1/2
        "pass@4": 1.0,
        "maj@1": 1.0,
        "maj@2": 1.0,  # a tie goes to the first
        "maj@4": 1.0,
    }
    assert {(one.temperature, one.top_p, one.max_new_tokens) for one in model.asked} == {(0.5, 0.9, 7)}
    assert len({one.seed for one in model.asked}) == 8


def test_seeds_depend_on_run_and_problem_and_not_on_the_other_problems():
    alone, together = Scripted(["4"]), Scripted(["4"])
    solved(SampleN(n=2), [PRODUCT], alone)
    solved(SampleN(n=2), [SUM, PRODUCT], together)
    assert together.asked[2:] == alone.asked


def test_progress_counts_problems():
    heard = []
    solved(SampleN(n=2), [SUM, PRODUCT], Scripted(["4"]), heard.append)
    assert heard == [0, 1, 1, 2]
