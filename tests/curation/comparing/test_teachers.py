import pyarrow as pa
import pytest

from curation.comparing.teachers import Duel, Teacher, duels, shared_problems, teachers
from curation.intervals import clustered


def row(source, problem, traces=1, judged=1, right=0, silent=0, unfinished=0, cost=None):
    return {
        "source": source, "problem_id": problem, "traces": traces, "judged": judged, "right": right, "silent": silent,
        "unfinished": unfinished, "priced": 0 if cost is None else traces, "cost": cost,
    }  # fmt: skip


ATTEMPTS = pa.Table.from_pylist(
    [
        row("bob", "p", right=1, silent=None), row("bob", "q", silent=None), row("bob", "r", judged=0, silent=None),
        row("ada", "p", traces=2, judged=2, right=1, cost=3.0, unfinished=1), row("ada", "q", right=1, cost=1.0),
        row("ada", "s", silent=1, cost=2.0),
    ]
)  # fmt: skip
LENGTHS = pa.Table.from_pylist([{"group": "ada", "rows": 4, "q1": 5.0, "median": 7.0, "q3": 9.0}])


def test_a_teacher_is_its_mean_over_problems_with_length_and_cost():
    ada, bob = teachers(ATTEMPTS, LENGTHS)
    assert ada == Teacher(
        "ada", 3, 4, 4, 0.5, clustered([[True, False], [True], [False]]), 5.0, 7.0, 9.0, 0.25, 0.25, 6.0, 3.0
    )
    assert bob == Teacher("bob", 3, 3, 2, 0.5, clustered([[True], [False]]), None, None, None, None, 0.0, None, None)


def test_what_nobody_judged_has_no_pass_rate():
    (found,) = teachers(pa.Table.from_pylist([row("ada", "p", judged=0, cost=1.0)]), LENGTHS)
    assert (found.pass_rate, found.interval, found.no_answer, found.cost, found.cost_per_correct) == (
        None, None, None, 1.0, None,
    )  # fmt: skip


def test_two_teachers_meet_on_the_problems_both_were_judged_on():
    assert duels(ATTEMPTS) == [Duel("ada", "bob", 2, 0.5, 0.25, 0.25)]
    apart = pa.Table.from_pylist([row("ada", "p", right=1), row("bob", "q", right=1)])
    assert duels(apart) == [Duel("ada", "bob", 0, None, None, None)]


@pytest.mark.parametrize(("names", "count"), [(("ada", "bob"), 2), (("ada",), 3), ((), 0)])
def test_shared_problems_are_counted(names, count):
    rows = [one for one in ATTEMPTS.to_pylist() if one["source"] in names]
    assert shared_problems(pa.Table.from_pylist(rows, schema=ATTEMPTS.schema)) == count
