from pages.ui.exploring.charts import ALL, LIMIT, MAIN
from pages.ui.teaching.generation_charts import endings


def test_endings_are_told_in_words_the_commonest_on_top():
    (bar,) = endings({"stop": 90, "length": 12, "rate_limit": 3}).data
    assert list(bar.y) == ["rate limit", "cut off at the limit", "ended by itself"]
    assert list(bar.x) == [3, 12, 90]
    assert list(bar.marker.color) == [LIMIT, ALL, MAIN]


def test_nothing_answered_yet_is_an_empty_figure():
    (bar,) = endings({}).data
    assert bar.x == ()
