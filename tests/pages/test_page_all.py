import pytest
from streamlit.testing.v1 import AppTest

from curation.runs import PROJECT, all_runs

PAGES = (
    "import", "traces", "review", "explore", "sql", "recipes", "sets", "train", "evaluate", "studies", "compare",
    "runs",
    "history", "teachers", "generate",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_store_offers_the_sample_workspace(page, name):
    at = page(name)
    assert not at.exception
    assert [button.label for button in at.button if "sample" in button.label] == ["Load the sample workspace"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_itself_under_its_name(page, workspace, name):
    at = page(name)
    assert not at.exception
    assert not at.error
    assert [title.value for title in at.title] == ["SQL" if name == "sql" else name.capitalize()]


def test_loading_the_samples_starts_an_import(page, root):
    at = page("traces")
    next(button for button in at.button if button.label == "Load the sample workspace").click().run()
    run = all_runs(root / "runs")[0]
    run.cancel()
    assert run.request.kind == "import"
    assert not at.exception


def test_a_page_opened_alone_goes_through_the_application(root):
    at = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    at.query_params["open"] = "explore"
    at.run()
    assert not at.exception
    assert [title.value for title in at.title] == ["Explore"]


def test_a_filter_nobody_can_read_is_left_out_with_a_word(page, workspace):
    at = page("traces", filter="{broken")
    assert not at.exception
    assert "The filter in the address was left out" in at.warning[0].value


def test_a_store_held_elsewhere_is_said_in_place(page, root):
    root.mkdir(parents=True)
    (root / "winnow.duckdb").write_text("this is no database, but long enough to be looked at as one" * 50)
    at = page("traces")
    assert not at.exception
    assert "cannot be opened" in at.error[0].value


def test_results_that_cannot_be_read_are_told_and_the_page_goes_on(page, workspace, finished):
    run = finished("import", "Import lost")
    at = page("traces")
    assert not at.exception
    assert f"The results of run {run.id} cannot be read" in at.error[0].value
    assert at.dataframe
