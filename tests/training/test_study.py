import pytest

from training.study import Outcome, standard_error, table
from training.study_chart import chart


def test_standard_error_adds_problems_and_seeds():
    # problem means 1, 0.5, 0.5, 0: variance 1/6, over 4; seed means 0.75 and 0.25: variance 1/8, over 2
    columns = [[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    assert standard_error(columns) == pytest.approx((1 / 6 / 4 + 1 / 8 / 2) ** 0.5)


def test_table_shows_accuracy_with_interval_tokens_and_no_answer_together():
    one = Outcome("pruned", 1176, 160.4, [0.25, 0.75], 0.5, 0.4, 0.6, 116.2, 0.015, 80.0, 5.0)
    assert table([one]).splitlines()[-1] == (
        "| pruned | 1,176 | 160 | **0.50** 0.40 to 0.60 | 0.25 0.75 | 116 | 1.5% |"
    )


def test_chart_escapes_names_and_places_values_on_the_axis():
    svg = chart([("<raw>", 0.5, 0.4, 0.6, [0.5])], "Accuracy")
    assert "&lt;raw&gt;" in svg
    assert "<raw>" not in svg
    assert '<circle cx="415.0" cy="64" r="6"' in svg
