import pyarrow as pa
import pytest

from pages.ui.exploring import charts

BINS = pa.table({"low": [0.0, 10.0], "high": [10.0, 20.0], "rows": [3, 1]})


def texts(figure):
    return figure.layout.xaxis.title.text, figure.layout.yaxis.title.text


def test_the_same_data_gives_an_equal_figure():
    assert charts.histogram(BINS, "n_tokens", (5.0, None)) == charts.histogram(BINS, "n_tokens", (5.0, None))


def test_a_histogram_greys_what_the_chosen_range_leaves_out():
    figure = charts.histogram(BINS, "n_tokens", (8.0, None))
    assert list(figure.data[0].marker.color) == [charts.ALL, charts.MAIN]
    assert list(figure.data[0].y) == [3, 1]


def test_axes_are_labelled_with_units():
    assert texts(charts.histogram(BINS, "n_chars")) == ("Chars (characters)", "Traces")
    assert texts(charts.histogram(BINS, "difficulty")) == ("Difficulty (0 easy to 1 hard)", "Traces")
    assert charts.label("n_tokens") == "Tokens"


def test_groups_compare_as_shares():
    table = pa.table({"low": [0, 0, 5], "high": [5, 5, 10], "rows": [2, 1, 2], "group": ["a", "b", "a"]})
    figure = charts.grouped_histogram(table, "n_tokens", "model")
    assert [(line.name, list(line.y)) for line in figure.data] == [("a (4)", [0.5, 0.5]), ("b (1)", [1.0])]


def test_category_names_cannot_carry_html_and_an_empty_one_is_unknown():
    table = pa.table({"value": ["<b>x</b>", None], "rows": [2, 1]})
    figure = charts.categories(table, "model")
    assert list(figure.data[0].y) == ["unknown", "&lt;b>x&lt;/b>"]


SPREAD = pa.table({"group": ["m", None], "rows": [7, 1], "low": [1, 2], "q1": [2, 2], "median": [3, 2], "q3": [4, 2],
                   "high": [5, 2]})  # fmt: skip


def test_boxes_show_the_given_percentiles():
    boxes = charts.spreads(SPREAD, "n_tokens", "model").data
    assert [boxes[0][name][0] for name in ("lowerfence", "q1", "median", "q3", "upperfence")] == [1, 2, 3, 4, 5]
    assert [box.y[0] for box in boxes[:2]] == ["m (7)", "unknown (1)"]


def test_a_click_on_a_box_tells_its_group():
    bars = charts.spreads(SPREAD, "n_tokens", "model", ["m"]).data[-1]
    assert (bars.type, list(bars.customdata), list(bars.base), list(bars.x)) == ("bar", ["m", ""], [1, 2], [4, 0])


def test_groups_and_values_left_out_are_greyed():
    figure = charts.spreads(SPREAD, "n_tokens", "model", ["m"])
    assert [box.marker.color for box in figure.data[:2]] == [charts.MAIN, charts.ALL]
    table = pa.table({"value": ["true", "false", None], "rows": [3, 2, 1]})
    bars = charts.categories(table, "correct", ["false"]).data[0]
    assert list(zip(bars.customdata, bars.marker.color, strict=True)) == [
        ("", charts.ALL), ("false", charts.MAIN), ("true", charts.ALL),
    ]  # fmt: skip


def test_accuracy_has_its_interval_on_both_sides():
    dots = charts.accuracies([charts.Interval("base", 0.5, 0.4, 0.7)]).data[0]
    assert (dots.x[0], dots.error_x.array[0], dots.error_x.arrayminus[0]) == pytest.approx((0.5, 0.2, 0.1))


@pytest.mark.parametrize("table", [BINS, BINS.slice(0, 0)])
def test_the_backdrop_of_a_slider_draws_its_limits_even_without_rows(table):
    assert len(charts.backdrop(table, [5.0]).layout.shapes) == 1
