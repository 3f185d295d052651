from curation.query.filters import Filter

QUERY = "SELECT id, model FROM scores WHERE model = 'short-teacher'"


def ask(at, text):
    at.text_area[0].set_value(text)
    next(button for button in at.button if button.label == "Run").click().run()
    assert not at.exception
    return at


def test_the_first_example_is_answered_beside_the_tables(page, workspace, words):
    at = page("sql")
    assert at.text_area[0].value.startswith("SELECT model, count(*)")
    assert at.dataframe[0].value["traces"].tolist() == [2, 2]
    assert "2 rows" in words(at)
    assert {"scores", "texts", "problems", "segments", "labels"} <= {box.label for box in at.expander}


def test_a_query_stays_in_the_address(page, workspace, words):
    at = ask(page("sql"), QUERY)
    assert at.query_params["sql"] == QUERY
    assert at.dataframe[0].value["model"].tolist() == ["short-teacher", "short-teacher"]
    again = page("sql", sql=QUERY)
    assert again.text_area[0].value == QUERY


def test_an_example_replaces_the_query(page, workspace):
    at = page("sql", sql=QUERY)
    next(button for button in at.button if button.label == "Longest traces").click().run()
    assert "ORDER BY n_chars DESC" in at.text_area[0].value


def test_a_result_that_names_traces_is_a_filter_with_the_same_count(page, workspace, words):
    at = page("sql", sql=QUERY)
    button = next(button for button in at.button if button.label.startswith("Use as filter"))
    assert button.label == "Use as filter (2 traces)"
    button.click().run()
    assert not at.exception
    assert Filter.from_query(at.query_params["filter"]) == Filter(sql=QUERY)
    assert [title.value for title in at.title] == ["Explore"]
    assert "2 of 4 traces" in words(at)


def test_a_result_without_ids_says_what_a_filter_needs(page, workspace, words):
    at = page("sql", sql="SELECT count(*) AS n FROM scores")
    assert "A result with a column id or trace_id or problem_id can be used as a filter." in words(at)


def test_a_query_that_is_refused_says_why_in_place(page, workspace):
    at = ask(page("sql"), "SELECT * FROM read_text('/etc/hostname')")
    assert "'read_text' cannot stand in FROM" in at.error[0].value
    assert at.text_area[0].value == "SELECT * FROM read_text('/etc/hostname')"
