from streamlit.testing.v1 import AppTest

from curation.filters import Filter


def brush(box: dict[str, list[float]], ends: tuple[float, float] | None) -> None:
    import streamlit as st

    from curation.filters import Filter
    from pages.ui import filter_bar

    st.session_state["chart"] = {"selection": {"box": [box] if box else []}}
    names = ["n_tokens"] if ends else ["n_tokens", "difficulty"]
    filter_bar.brushed("chart", Filter(text="wait", ranges={"n_tokens": (1, 2)}), names, ends)()


def brushed(box, ends=None):
    at = AppTest.from_function(brush, args=(box, ends)).run()
    assert not at.exception
    return Filter.from_query(at.query_params["filter"])


def test_a_brush_sets_the_ranges_of_the_filter_in_the_address():
    expected = Filter(text="wait", ranges={"n_tokens": (4.0, 21.51), "difficulty": (0.0, 0.5)})
    assert brushed({"x": [21.5123, 4], "y": [0, 0.5]}) == expected


def test_a_side_of_the_brush_beyond_the_data_is_no_limit():
    assert brushed({"x": [-3, 5]}, (0.0, 9.0)).ranges == {"n_tokens": (None, 5.0)}
    assert brushed({"x": [2, 12]}, (0.0, 9.0)).ranges == {"n_tokens": (2.0, None)}


def test_a_brush_that_is_lifted_removes_its_range_only():
    assert brushed({}) == Filter(text="wait")


def test_charts_are_drawn_for_length_difficulty_teacher_and_dataset(page, workspace, words):
    text = words(page("explore"))
    for heading in ("Model", "Dataset", "Subject", "Correct", "Teachers and datasets"):
        assert heading in text


def test_an_empty_filter_result_still_draws_the_page(page, workspace, words):
    at = page("explore", filter=Filter(text="zebra").to_query())
    assert not at.exception
    assert not at.error
    assert "0 of 4 traces" in words(at)


def test_a_score_that_is_gone_is_an_error_in_place(page, workspace):
    at = page("explore", filter=Filter(ranges={"nothing": (1, 2)}).to_query())
    assert not at.exception
    assert "Unknown score in the filter 'nothing'" in at.error[0].value
