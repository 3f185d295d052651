from curation.operators.top_per_problem import TopPerProblem
from tests.curation.operators.deciding import Row, decided, kept

COLUMNS = "id, pos, problem_id, ppl"
ROWS = [("a", 1, "p", 3.0), ("b", 2, "p", 5.0), ("c", 3, "p", 5.0), ("d", 4, "p", None), ("e", 5, "q", 1.0)]


def test_the_first_of_the_best_stays_and_the_others_name_it():
    reason = "not the trace of its problem with the highest ppl"
    assert decided(TopPerProblem(score="ppl"), COLUMNS, *ROWS) == [
        Row("a", 3, 1, reason, "b"),
        Row("b", 1, 1, None, None),
        Row("c", 2, 1, reason, "b"),
        Row("d", None, 1, "ppl is unknown", None),
        Row("e", 1, 1, None, None),
    ]


def test_several_of_the_lowest():
    step = TopPerProblem(score="ppl", n=2, side="lowest")
    assert kept(step, COLUMNS, *ROWS) == ["a", "b", "e"]
    assert decided(step, COLUMNS, *ROWS)[2].reason == "not among the 2 traces of its problem with the lowest ppl"
