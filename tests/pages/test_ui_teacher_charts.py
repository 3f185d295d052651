from curation.comparing.agreement import agreement
from curation.comparing.teachers import Duel, Teacher
from curation.intervals import Interval
from pages.ui.teaching.teacher_charts import ahead, confusion, pass_rates, rows

ADA = Teacher("ada", 2, 2, 2, 0.5, Interval(0.1, 0.9), 5.0, 7.0, 9.0, 0.0, 0.0, 3.0, 3.0)
BOB = Teacher("<b>ob", 2, 2, 0, None, None, None, None, None, None, 0.5, None, None)


def test_a_row_holds_what_is_known_of_a_teacher():
    assert rows([ADA])[0] == {
        "Name": "ada", "Problems": 2, "Traces": 2, "Pass rate": 0.5, "95 % from": 0.1, "95 % to": 0.9,
        "Median length": 7.0, "First quartile": 5.0, "Third quartile": 9.0, "No answer": 0.0, "Unfinished": 0.0,
        "Cost": 3.0, "Cost per correct": 3.0,
    }  # fmt: skip
    assert [name for name, value in rows([BOB])[0].items() if value is not None] == [
        "Name", "Problems", "Traces", "Unfinished",
    ]  # fmt: skip


def test_pass_rates_are_drawn_of_those_that_have_one():
    (drawn,) = pass_rates([ADA, BOB]).data
    assert (list(drawn.x), list(drawn.y), list(drawn.error_x.array)) == ([0.5], ["ada"], [0.4])
    assert pass_rates([BOB]) is None


def test_who_is_right_where_another_is_wrong_is_a_map_of_both_directions():
    (drawn,) = ahead([Duel("ada", "<b>ob", 4, 0.5, 0.25, 0.25)]).data
    assert (list(drawn.x), list(drawn.y)) == (["ada", "&lt;b>ob"], ["ada", "&lt;b>ob"])
    assert [list(line) for line in drawn.z] == [[None, 0.5], [0.25, None]]
    assert ahead([]) is None


def test_a_confusion_counts_rows_by_what_both_said():
    (drawn,) = confusion(agreement([True, True, False], [True, False, False]), "judge", "people").data
    assert (list(drawn.x), [list(line) for line in drawn.z]) == (["false", "true"], [[1, 0], [1, 1]])
    assert [list(line) for line in drawn.customdata] == [[3, 3], [3, 3]]
