from streamlit.testing.v1 import AppTest

from curation.query.filters import Filter
from curation.query.lasso import Lasso
from pages.ui.exploring.filter_bar import chips, picked, without

FULL = Filter(
    ranges={"n_tokens": (10, 200), "difficulty": (0.5, None)}, values={"model": ("long", "")}, flags={"correct": None},
    lasso=Lasso(x="map_x", y="map_y", points=((0, 0), (1, 0), (0, 1))), problem_id="0123456789", text="wait",
    regex="a+", meaning="boats that drift", nearest=50, sql="SELECT id\nFROM scores WHERE " + "n_chars > 1 AND " * 9,
)  # fmt: skip


def test_every_condition_has_a_chip_in_words():
    assert [name for name, _ in chips(FULL)] == [
        "10 ≤ n_tokens ≤ 200",
        "difficulty ≥ 0.5",
        "model is long or unknown",
        "correct is unknown",
        "inside the area drawn over map_x and map_y",
        "problem 01234567",
        "contains wait",
        "matches a+",
        "the 50 nearest to boats that drift",
        "SQL SELECT id FROM scores WHERE n_chars > 1 AND n_chars > 1…",
    ]


def test_removing_every_chip_leaves_no_condition():
    chosen = FULL
    while chips(chosen):
        chosen = chips(chosen)[0][1]
    assert chosen == Filter(nearest=50)
    assert chosen.searches() == []


def test_what_is_picked_is_written_as_charts_write_it():
    assert (picked(FULL, "model"), picked(FULL, "correct"), picked(FULL, "subject")) == (("long", ""), ("",), ())
    assert picked(Filter(flags={"correct": True}), "correct") == ("true",)
    assert without(FULL, "correct").flags == {}
    assert without(FULL, "model").values == {}


def brush(box: dict[str, list[float]], ends: tuple[float, float] | None) -> None:
    import streamlit as st

    from curation.query.filters import Filter
    from pages.ui.exploring import filter_bar

    st.session_state["chart"] = {"selection": {"box": [box] if box else []}}
    chosen = Filter(text="wait", ranges={"n_tokens": (1, 2)})
    filter_bar.brushed("chart", chosen, "n_tokens", ends)()


def click(chosen: str, name: str, flag: bool, values: list[str]) -> None:
    import streamlit as st

    from curation.query.filters import Filter
    from pages.ui.exploring import filter_bar

    st.session_state["chart"] = {"selection": {"points": [{"customdata": value} for value in values]}}
    filter_bar.clicked("chart", Filter.from_query(chosen), name, flag)()


def written(work, *args) -> Filter:
    """The filter in the address after a callback."""
    at = AppTest.from_function(work, args=args).run()
    assert not at.exception
    return Filter.from_query(at.query_params.get("filter", ""))


def test_a_brush_sets_the_range_of_the_filter_in_the_address():
    assert written(brush, {"x": [21.5123, 4]}, None) == Filter(text="wait", ranges={"n_tokens": (4.0, 21.51)})


def test_a_side_of_the_brush_beyond_the_data_is_no_limit():
    assert written(brush, {"x": [-3, 5]}, (0.0, 9.0)).ranges == {"n_tokens": (None, 5.0)}
    assert written(brush, {"x": [2, 12]}, (0.0, 9.0)).ranges == {"n_tokens": (2.0, None)}


def test_a_brush_that_is_lifted_removes_its_range_only():
    assert written(brush, {}, None) == Filter(text="wait")


def test_a_click_filters_by_a_value_or_a_flag():
    assert written(click, "", "model", False, ["ada", "bob"]) == Filter(values={"model": ("ada", "bob")})
    assert written(click, "", "correct", True, ["false"]) == Filter(flags={"correct": False})
    assert written(click, "", "correct", True, [""]) == Filter(flags={"correct": None})


def test_another_click_on_what_is_chosen_lifts_it():
    flagged, valued = Filter(flags={"correct": True}), Filter(values={"model": ("ada",)})
    assert written(click, flagged.to_query(), "correct", True, ["true"]) == Filter()
    assert written(click, valued.to_query(), "model", False, ["ada"]) == Filter()
    assert written(click, valued.to_query(), "model", False, []) == Filter()
