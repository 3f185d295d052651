import pytest

from curation.query.filters import Filter


@pytest.fixture
def said(workspace):
    """Three events of two people on two traces."""
    first, second, *_ = workspace.store.ids(Filter())
    workspace.label(first, "decision", "keep", "ada")
    workspace.label(first, "decision", "drop", "bob")
    workspace.label(second, "note", "see *this* <b>", "ada")
    return first, second


def undo(at, event_id):
    at.button(f"undo-{event_id}").click().run()
    assert not at.exception
    return at


def test_nothing_said_yet_tells_how_to_say_something(page, workspace, words):
    assert "Nothing was said of any trace yet" in words(page("history"))


def test_who_said_what_of_which_trace_is_listed_newest_first(page, said, words):
    at = page("history")
    assert "3 changes, newest first" in words(at)
    lines = [item.value for item in at.markdown if not item.value.startswith("<")]
    assert lines[1::3] == ["ada", "bob", "ada"]
    assert lines[2::3] == [r"Note “see \*this\* \<b\>”", "Drop, before\\: keep", "Keep"]


def test_undo_restores_what_was_before_and_is_an_event_too(page, workspace, said, words):
    at = undo(page("history"), 2)
    assert workspace.labels(said[0]) == {"decision": "keep"}
    assert "Undid drop, so keep again" in words(at)
    undo(at, 4)
    assert workspace.labels(said[0]) == {"decision": "drop"}


def test_what_changed_since_cannot_be_undone(page, said):
    at = page("history")
    assert [at.button(f"undo-{event_id}").disabled for event_id in (1, 2, 3)] == [True, False, False]


def test_a_change_from_elsewhere_in_the_meantime_is_refused_in_place(page, workspace, said):
    at = page("history")
    workspace.label(said[0], "decision", "keep", "ada")
    undo(at, 2)
    assert "Event 2 cannot be undone: decision of trace" in at.error[0].value


def test_the_list_is_narrowed_by_person_and_kind(page, said, words):
    at = page("history")
    next(box for box in at.selectbox if box.label == "Who").set_value("ada").run()
    assert "2 changes" in words(at)
    at.button_group[0].set_value("note").run()
    assert not at.exception
    assert "1 changes" in words(at)
