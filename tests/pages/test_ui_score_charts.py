from pages.ui.evaluating import score_charts
from training.comparing.outcomes import Group

BUDGETS = [
    {"budget": 200, "accuracy": 0.5, "mean_thinking_tokens": 150.0, "mean_tokens": 170.0},
    {"budget": 100, "accuracy": 0.25, "mean_thinking_tokens": 90.0, "mean_tokens": 110.0},
]


def test_obtained_length_is_drawn_against_the_length_asked_for():
    line, obtained = score_charts.lengths(BUDGETS).data
    assert (list(line.x), list(line.y)) == ([100, 200], [100, 200])
    assert (list(obtained.x), list(obtained.y)) == ([100, 200], [90.0, 150.0])


def test_measures_without_budgets_have_no_such_chart():
    assert score_charts.lengths([{"instruction": "q", "mean_tokens": 3.0}]) is None
    assert score_charts.lengths([{"budget": 9, "accuracy": 0.1}]) is None


def test_attempts_are_drawn_by_kind():
    figure = score_charts.repeats([{"k": 1, "pass": 0.5, "maj": 0.5}, {"k": 2, "pass": 0.7}])
    assert [(list(trace.x), list(trace.y)) for trace in figure.data] == [([1, 2], [0.5, 0.7]), ([1], [0.5])]


def test_groups_are_named_with_their_problems_and_markup_is_escaped():
    (trace,) = score_charts.by_group([Group("<b>sums</b>", 1200, 0.5, 0.4, 0.6)]).data
    assert list(trace.y) == ["&lt;b>sums&lt;/b> (1,200)"]
    assert (list(trace.x), list(trace.error_x.array)) == ([0.5], [0.09999999999999998])
