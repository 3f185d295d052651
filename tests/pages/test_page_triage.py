import getpass
import json

import pytest

from curation.imports.run import import_files
from curation.query.filters import Filter
from curation.workspace import Workspace


def press(at, label):
    button = next(button for button in at.button if button.label == label)
    button.click().run()
    assert not at.exception
    return at


@pytest.fixture
def ids(workspace):
    return workspace.store.ids(Filter())


def decisions(at):
    return [value if isinstance(value, str) else None for value in at.dataframe[0].value["decision"]]


def test_drop_and_keep_are_saved_and_go_on(page, workspace, ids):
    at = press(press(page("traces"), "Drop"), "Keep")
    assert at.query_params["trace"] == ids[2]
    assert decisions(at) == ["drop", "keep", None, None]
    assert [(event.who, event.value) for event in workspace.events()] == [
        (getpass.getuser(), "keep"), (getpass.getuser(), "drop"),
    ]  # fmt: skip


def test_the_decision_stands_in_the_header_of_its_trace(page, workspace, ids, words):
    workspace.label(ids[0], "decision", "drop", "ada")
    assert "Drop" in words(page("traces", trace=ids[0]))
    assert ":red-badge" not in words(page("traces", trace=ids[1]))


def test_undo_takes_the_last_own_decision_back_and_opens_its_trace(page, workspace, ids):
    at = press(press(press(page("traces"), "Drop"), "Keep"), "Undo")
    assert at.query_params["trace"] == ids[1]
    assert decisions(at) == ["drop", None, None, None]
    press(press(at, "Undo"), "Undo")
    assert decisions(at) == [None, None, None, None]
    assert "There is nothing of yours to undo\\." in [caption.value for caption in at.caption]


def test_what_others_decided_is_not_undone(page, workspace, ids):
    workspace.label(ids[0], "decision", "drop", "somebody-else")
    at = press(page("traces"), "Undo")
    assert decisions(at) == ["drop", None, None, None]


def test_the_last_trace_of_the_list_stays_open(page, workspace, ids):
    at = press(page("traces", trace=ids[3]), "Drop")
    assert at.query_params["trace"] == ids[3]
    assert decisions(at)[3] == "drop"


def test_under_a_filter_on_decisions_each_press_opens_the_next_trace(page, workspace, ids):
    at = page("traces", filter=Filter(values={"decision": ("",)}).to_query())
    opened = []
    for _ in ids[1:]:
        press(at, "Drop")
        opened.append(at.query_params["trace"])
    assert opened == ids[1:]
    assert len(at.dataframe[0].value) == 1


def test_a_note_is_saved_on_submit_and_shown(page, workspace, ids, words):
    at = press(page("traces"), "Note")
    box = next(area for area in at.text_area if area.label == "Note")
    box.set_value("two <b>units</b>")
    press(at, "Save note")
    assert workspace.labels(ids[0]) == {"note": "two <b>units</b>"}
    assert [area.label for area in at.text_area] == []
    assert list(at.dataframe[0].value["noted"]) == [True, False, False, False]


def test_a_note_can_be_left_and_emptied(page, workspace, ids):
    workspace.label(ids[0], "note", "old", "ada")
    at = press(press(page("traces"), "Note"), "Leave it")
    assert [area.label for area in at.text_area] == []
    next(area for area in press(at, "Note").text_area if area.label == "Note").set_value(" ")
    press(at, "Save note")
    assert workspace.labels(ids[0]) == {}


def test_a_label_that_cannot_be_saved_says_why_beside_the_keys(page, workspace, ids):
    at = page("traces")
    workspace.journal.mkdir()
    press(at, "Drop")
    assert "The label cannot be written" in at.error[0].value
    assert decisions(at) == [None, None, None, None]


def test_next_on_the_last_row_opens_the_next_page_and_previous_comes_back(page, workspace, tmp_path):
    rows = [{"question": f"Is {n} odd?", "generation": "<think>\nHm.\n</think>\nYes."} for n in range(60)]
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_files([tmp_path / "many.jsonl"], tmp_path / "many")
    workspace.store.take_import("20260101-000001-import-test", tmp_path / "many")
    ids = workspace.store.ids(Filter())
    at = press(page("traces", trace=ids[49]), "Next")
    assert (at.query_params["trace"], at.query_params["page"]) == (ids[50], "2")
    assert len(at.dataframe[0].value) == 14
    press(at, "Previous")
    assert at.query_params["trace"] == ids[49]
    assert "page" not in at.query_params
    press(at, "Drop")
    assert (at.query_params["trace"], at.query_params["page"]) == (ids[50], "2")


def test_two_solutions_can_be_read_side_by_side(page, workspace, ids):
    at = page("traces", trace=ids[0], beside=ids[1])
    assert next(box for box in at.selectbox if box.label == "Side by side with").value == ids[1]
    shown = [element.proto.body for element in at.get("html")]
    assert [text.count("<ins>") > 0 for text in shown if 'class="w-pairs"' in text] == [True]
    next(box for box in at.selectbox if box.label == "Side by side with").set_value(None).run()
    assert not at.exception
    assert "beside" not in at.query_params


def test_decisions_survive_a_restart(page, workspace, ids):
    press(page("traces"), "Drop")
    workspace.store.close()
    again = Workspace(workspace.root)
    assert again.store.page(Filter())["decision"].to_pylist() == ["drop", None, None, None]
    again.store.close()


def test_media_are_shown_beside_the_question_and_a_broken_one_is_named(page, workspace, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    media = ["broken.png", "https://example.com/a.png"]
    row = {"question": "What is here?", "generation": "<think>\n5\n</think>\n5", "image": media}
    (tmp_path / "pictures.jsonl").write_text(json.dumps(row))
    run = workspace.import_run([tmp_path / "pictures.jsonl"])
    import_files([tmp_path / "pictures.jsonl"], run.out)
    workspace.store.take_import(run.id, run.out)
    at = page("traces", trace=workspace.store.ids(Filter())[-1])
    assert not at.exception
    notes = [element.proto.body for element in at.get("html") if 'class="w-note"' in element.proto.body]
    assert any("broken.png cannot be drawn" in note for note in notes)
    assert any("https://example.com/a.png (an address; files are never loaded" in note for note in notes)
