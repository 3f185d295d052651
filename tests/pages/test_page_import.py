import json

import pytest

GOOD = {"question": "1 + 1?", "generation": "<think>\nTwo.\n</think>\n2", "answer": "2"}


@pytest.fixture
def file(tmp_path):
    """A file with one good row and one without a question."""
    path = tmp_path / "mixed.jsonl"
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps({**GOOD, "question": ""}) + "\n")
    return path


def test_a_path_shows_layout_columns_and_both_previews(page, workspace, file, words):
    at = page("import", path=str(file))
    assert not at.exception
    frames = [frame.value for frame in at.dataframe]
    assert frames[0][["File", "Format", "Rows", "Layout"]].to_dict("records") == [
        {"File": "mixed.jsonl", "Format": "jsonl", "Rows": "2", "Layout": "columns"}
    ]
    assert [tab.label for tab in at.tabs] == ["Traces (1)", "Problems without a solution (0)", "To be quarantined (1)"]


def test_a_mapping_can_be_changed_by_hand(page, workspace, file):
    at = page("import", path=str(file))
    next(toggle for toggle in at.toggle if toggle.label == "Change the mapping").set_value(True).run()
    next(box for box in at.selectbox if box.label == "Question").set_value("answer").run()
    assert not at.exception
    shown = next(frame.value for frame in at.dataframe if "reasoning" in frame.value.columns)
    assert list(shown["question"]) == ["2", "2"]


def test_a_path_that_is_not_there_is_an_error_in_place(page, workspace):
    at = page("import", path="/nowhere/at/all.jsonl")
    assert not at.exception
    assert "no such file or folder" in at.error[0].value


def test_quarantined_rows_are_listed_with_reasons_and_can_be_downloaded(page, workspace):
    at = page("import")
    frame = next(frame.value for frame in at.dataframe if "reason" in frame.value.columns)
    assert len(frame) == 1
    assert [button.label for button in at.download_button] == ["Download quarantine"]


def test_the_rows_of_an_import_add_up(page, workspace):
    frame = next(frame.value for frame in page("import").dataframe if "duplicates" in frame.value.columns)
    row = frame.iloc[0]
    assert (row["rows"], row["imported"], row["duplicates"], row["quarantined"]) == (5, 4, 0, 1)


def test_starting_an_import_makes_a_run(page, workspace, file):
    at = page("import", path=str(file))
    next(button for button in at.button if button.label == "Start import").click().run()
    assert not at.exception
    from curation.runs import all_runs

    run = all_runs(workspace.runs_root)[0]
    run.cancel()
    assert run.request.inputs["paths"] == [str(file)]
