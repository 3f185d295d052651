from pages.ui.evaluating.study_charts import heat_map, sweep
from training.studies.view import Heat, Line

RAW = Line("raw", [0.2, 1.0], [0.25, 0.5], [0.1, 0.25], [0.5, 0.75])


def test_a_sweep_shows_intervals_and_joins_numbers():
    figure = sweep([RAW], "share", "accuracy")
    (drawn,) = figure.data
    assert (list(drawn.x), list(drawn.y), drawn.mode) == ([0.2, 1.0], [0.25, 0.5], "lines+markers")
    assert (list(drawn.error_y.array), list(drawn.error_y.arrayminus)) == ([0.25, 0.25], [0.15, 0.25])
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "share", "Accuracy with 95 % interval"
    )  # fmt: skip
    assert figure == sweep([RAW], "share", "accuracy")


def test_names_are_not_joined_and_not_read_as_html():
    figure = sweep([Line("<i>", ["<b>"], [5.0], [4.0], [6.0])], "kind", "tokens")
    assert (figure.data[0].mode, list(figure.data[0].x)) == ("markers", ["&lt;b>"])
    assert figure.data[0].hovertemplate == "%{x}: %{y:,.0f}<extra>&lt;i></extra>"
    assert figure.layout.yaxis.title.text == "Tokens per answer"


def test_a_map_has_a_gap_where_nothing_is_finished():
    figure = heat_map(Heat(["a"], ["b", "c"], [[0.5], [None]], [["50 %"], ["not finished"]]), "x", "y", "accuracy")
    assert figure.data[0].z == ([0.5], [None])
    assert figure.data[0].texttemplate == "%{z:.0%}"
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("x", "y")
