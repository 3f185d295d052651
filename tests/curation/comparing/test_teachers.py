import pyarrow as pa
import pytest

from curation.comparing.teachers import Duel, Teacher, duels, teachers
from curation.intervals import clustered

ADA = {
    "name": "ada", "problems": 3, "traces": 4, "judged": 4, "right": 2, "no_answer": 0.25, "unfinished": 0.5,
    "cost": 6.0, "q1": 5.0, "median": 7.0, "q3": 9.0,
}  # fmt: skip
BOB = {**ADA, "name": "bob", "judged": 0, "right": 0, "no_answer": None, "cost": None}
OUTCOMES = [(2, 1, 1), (1, 1, 1), (1, 0, 1)]


def table(*rows):
    return pa.Table.from_pylist(list(rows))


def outcomes(*listed):
    rows = [{"name": "ada", "judged": judged, "right": right, "problems": n} for judged, right, n in listed]
    return pa.Table.from_pylist(rows)


def test_a_teacher_is_its_mean_over_problems_with_length_and_cost():
    ada, bob = teachers(table(ADA, BOB), outcomes(*OUTCOMES))
    interval = clustered([[True, False], [True], [False]])
    assert ada == Teacher("ada", 3, 4, 4, 0.5, interval, 5.0, 7.0, 9.0, 0.25, 0.5, 6.0, 3.0)
    assert bob == Teacher("bob", 3, 4, 0, None, None, 5.0, 7.0, 9.0, None, 0.5, None, None)


def test_a_problem_tried_often_counts_once():
    (ada,) = teachers(table(ADA), outcomes((8, 8, 1), (1, 0, 3)))
    assert ada.pass_rate == 0.25


@pytest.mark.parametrize(("right", "cost", "each"), [(2, 1.0, 0.5), (0, 1.0, None), (2, None, None), (2, 0.0, 0.0)])
def test_a_right_trace_costs_what_all_traces_cost(right, cost, each):
    (found,) = teachers(table({**ADA, "right": right, "cost": cost}), outcomes(*OUTCOMES))
    assert (found.cost, found.cost_per_correct) == (cost, each)


def test_duels_are_the_rows_of_those_that_met():
    row = {"first": "ada", "second": "bob", "problems": 2, "first_alone": 0.5, "second_alone": 0.25, "both": 0.25}
    assert duels(table(row)) == [Duel("ada", "bob", 2, 0.5, 0.25, 0.25)]
