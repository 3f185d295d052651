import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from curation.query.filters import Filter
from curation.query.lasso import Lasso
from pages.ui.exploring import clouds
from pages.ui.exploring.charts import ALL


def table(colours, inside=(True, True, True)):
    return pa.table({"x": [1.0, 2.0, 3.0], "y": [3.0, 4.0, 5.0], "colour": colours, "inside": list(inside)})


def dots(figure):
    return [(trace.type, trace.name, list(trace.x)) for trace in figure.data]


def test_dots_are_drawn_by_the_graphics_card_one_colour_a_value():
    figure = clouds.cloud(table(["m", "n", None]), "n_tokens", "difficulty", "model")
    assert dots(figure) == [("scattergl", "m", [1.0]), ("scattergl", "n", [2.0]), ("scattergl", "unknown", [3.0])]


def test_a_number_shades_the_dots_and_unknown_ones_are_grey():
    figure = clouds.cloud(table([1, None, 3]), "n_tokens", "difficulty", "n_checks")
    assert dots(figure) == [("scattergl", "unknown", [2.0]), ("scattergl", "Checks", [1.0, 3.0])]
    assert list(figure.data[1].marker.color) == [1.0, 3.0]


def test_values_beyond_the_palette_are_drawn_as_others():
    names = [f"m{n}" for n in range(10)] + ["m0"]
    many = pa.table({"x": [1.0] * 11, "y": [1.0] * 11, "colour": names, "inside": [True] * 11})
    figure = clouds.cloud(many, "n_tokens", "difficulty", "model")
    assert sum(len(trace.x) for trace in figure.data) == 11
    assert (figure.data[0].name, figure.data[0].marker.color) == ("2 others", ALL)


def test_what_the_filter_leaves_out_is_greyed_and_the_area_outlined():
    area = Lasso(x="n_tokens", y="difficulty", points=((0, 0), (2.5, 0), (2.5, 9)))
    figure = clouds.cloud(table([None] * 3, (True, True, False)), "n_tokens", "difficulty", None, area)
    assert dots(figure) == [("scattergl", "left out by the filter", [3.0]), ("scattergl", "", [1.0, 2.0])]
    assert figure.layout.shapes[0].path == "M 0.0,0.0 L 2.5,0.0 L 2.5,9.0 Z"


def test_the_same_data_gives_an_equal_figure():
    assert clouds.cloud(table([1, 2, 3]), "a", "b", "c") == clouds.cloud(table([1, 2, 3]), "a", "b", "c")


def draw(selection: dict, box_is_area: bool) -> None:
    import streamlit as st

    from curation.query.filters import Filter
    from pages.ui.exploring import clouds

    st.session_state["cloud"] = {"selection": selection}
    clouds.drawn("cloud", Filter(text="wait", ranges={"a": (1, 2)}), "a", "b", box_is_area)()


@pytest.mark.parametrize(
    ("selection", "box_is_area", "expected"),
    [
        ({"lasso": [{"x": [0, 4, 4, 0], "y": [0, 0, 4, 4]}], "box": []}, False,
         Filter(text="wait", lasso=Lasso(x="a", y="b", points=((0, 0), (4, 0), (4, 4), (0, 4))))),
        ({"lasso": [], "box": [{"x": [5.00049, 1], "y": [2, 0]}]}, False,
         Filter(text="wait", ranges={"a": (1, 5), "b": (0, 2)})),
        ({"lasso": [], "box": [{"x": [0, 4], "y": [0, 2]}]}, True,
         Filter(text="wait", lasso=Lasso(x="a", y="b", points=((0, 0), (4, 0), (4, 2), (0, 2))))),
        ({"lasso": [], "box": []}, False, Filter(text="wait")),
    ],
)  # fmt: skip
def test_what_is_drawn_becomes_the_filter(selection, box_is_area, expected):
    at = AppTest.from_function(draw, args=(selection, box_is_area)).run()
    assert not at.exception
    assert Filter.from_query(at.query_params["filter"]) == expected
