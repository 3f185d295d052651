from curation.query.filters import Filter


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def test_teachers_are_compared_on_the_problems_they_share(page, workspace, words):
    at = page("teachers")
    assert not at.exception
    assert "2 problems that all 2 have." in words(at)
    table = at.dataframe[0].value
    assert list(table["Name"]) == ["long-teacher", "short-teacher"]
    assert list(table["Pass rate"]) == [1.0, 0.5]
    assert list(table["Problems"]) == [2, 2]
    assert table["Cost per correct"].isna().all()


def test_a_problem_one_lacks_counts_only_when_the_toggle_is_off(page, workspace, words):
    only = Filter(sql="model = 'long-teacher' OR correct").to_query()
    at = page("teachers", filter=only)
    assert list(at.dataframe[0].value["Problems"]) == [1, 1]
    at.toggle(key="teachers-shared").set_value(False).run()
    assert not at.exception
    assert list(at.dataframe[0].value["Problems"]) == [2, 1]
    assert "1 are shared by all 2" in words(at)


def test_another_column_can_name_them(page, workspace, words):
    at = page("teachers")
    at.selectbox(key="teachers-by").set_value("subject").run()
    assert not at.exception
    assert "No problem has traces of all that are compared" in at.info[0].value
    at.toggle(key="teachers-shared").set_value(False).run()
    assert sorted(at.dataframe[0].value["Name"]) == ["differences", "sums"]
    at.selectbox(key="teachers-by").set_value("dataset").run()
    assert not at.exception
    assert list(at.dataframe[0].value["Name"]) == ["traces"]


def test_nothing_chosen_and_nothing_judged_are_said(page, workspace, words):
    at = page("teachers")
    at.selectbox(key="teachers-flag").set_value("human_correct").run()
    assert "measure verify_answer" in words(at)
    at.multiselect(key="compared-model").set_value([]).run()
    assert not at.exception
    assert "Choose at least one." in words(at)


def test_a_judge_is_set_against_people(page, workspace, words):
    at = page("teachers")
    at.selectbox(key="judge-score").set_value("correct").run()
    assert "Label some on the review page" in words(at)
    for at_id, flag in zip(workspace.store.ids(Filter()), ("true", "true", "true", "false"), strict=True):
        workspace.label(at_id, "human_correct", flag, "eva")
    at.run()
    assert not at.exception
    assert metrics(at)["Agreement"] == "50.0%"
    assert metrics(at)["Traces both judged"] == "4"


def test_a_number_is_set_against_people_by_ranks_and_threshold(page, workspace, words):
    for at_id, flag in zip(workspace.store.ids(Filter()), ("true", "false", "true", "false"), strict=True):
        workspace.label(at_id, "human_correct", flag, "eva")
    at = page("teachers")
    at.selectbox(key="judge-score").set_value("n_chars").run()
    assert not at.exception
    assert metrics(at)["Agreement"] == "100.0%"
    assert "n_chars agrees best from" in words(at)
    at.selectbox(key="judge-person").set_value("decision").run()
    assert "Label some on the review page" in words(at)


def test_a_filter_that_cannot_be_used_is_said_in_place(page, workspace):
    at = page("teachers", filter=Filter(ranges={"no_such_score": (1, None)}).to_query())
    assert not at.exception
    assert "no_such_score" in at.error[0].value
