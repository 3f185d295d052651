import pyarrow as pa

from pages.ui.exploring.bins import tail


def bins(*rows):
    return pa.table({"low": list(range(len(rows))), "high": list(range(1, len(rows) + 1)), "rows": list(rows)})


def test_a_body_that_fills_the_range_has_no_tail():
    assert tail(bins(5, 5, 5, 5), 20) is None


def test_a_few_far_values_are_a_tail():
    assert tail(bins(500, 499, 0, 0, 0, 1), 1000) == 2


def test_one_bar_or_none_has_no_tail():
    assert tail(bins(7), 7) is None
    assert tail(bins(), 0) is None
