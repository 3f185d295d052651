import json

import pytest

from curation.errors import UserError
from curation.imports.run import import_files
from curation.labels import Event, read_journal, undoable
from curation.query.filters import Filter
from curation.workspace import Workspace


@pytest.fixture
def labelled(workspace, write_jsonl, tmp_path):
    """A workspace with two traces."""
    rows = [{"question": "1 + 1?", "generation": f"<think>\n{text}\n</think>\n2"} for text in ("one", "two")]
    import_files([write_jsonl("traces.jsonl", *rows)], tmp_path / "imported")
    workspace.store.take_import("20260101-000000-import-test", tmp_path / "imported")
    return workspace


@pytest.fixture
def ids(labelled):
    return labelled.store.ids(Filter())


def column(work, name):
    return work.store.page(Filter())[name].to_pylist()


def test_a_label_is_a_column_an_event_and_a_line_at_once(labelled, ids):
    event = labelled.label(ids[0], "decision", "drop", "ada")
    assert (event.id, event.who, event.trace_id, event.name) == (1, "ada", ids[0], "decision")
    assert (event.value, event.before, event.undoes) == ("drop", None, None)
    assert column(labelled, "decision") == ["drop", None]
    assert labelled.events() == [event]
    assert json.loads(labelled.journal.read_text()) == event._asdict()


def test_verdicts_and_notes_have_columns_of_their_own(labelled, ids):
    labelled.label(ids[0], "human_correct", "false", "ada")
    labelled.label(ids[1], "note", "odd\nunits", "ada")
    assert column(labelled, "human_correct") == [False, None]
    assert column(labelled, "noted") == [False, True]
    assert labelled.labels(ids[1]) == {"note": "odd\nunits"}


def test_saying_the_same_again_is_no_event(labelled, ids):
    labelled.label(ids[0], "decision", "keep", "ada")
    assert labelled.label(ids[0], "decision", "keep", "bob") is None
    assert len(labelled.events()) == 1


def test_undo_restores_the_value_before_as_a_new_event(labelled, ids):
    labelled.label(ids[0], "decision", "keep", "ada")
    drop = labelled.label(ids[0], "decision", "drop", "ada")
    undone = labelled.undo(drop.id, "bob")
    assert (undone.who, undone.value, undone.before, undone.undoes) == ("bob", "keep", "drop", drop.id)
    assert column(labelled, "decision") == ["keep", None]


def test_undo_of_the_first_label_removes_it(labelled, ids):
    note = labelled.label(ids[0], "note", "look", "ada")
    labelled.undo(note.id, "ada")
    assert column(labelled, "noted") == [False, False]
    assert labelled.labels(ids[0]) == {}


def test_an_undo_can_be_undone(labelled, ids):
    drop = labelled.label(ids[0], "decision", "drop", "ada")
    undone = labelled.undo(drop.id, "ada")
    labelled.undo(undone.id, "ada")
    assert column(labelled, "decision") == ["drop", None]
    assert labelled.last_undoable("ada") == drop


def test_undo_is_refused_when_the_label_changed_since(labelled, ids):
    keep = labelled.label(ids[0], "decision", "keep", "ada")
    labelled.label(ids[0], "decision", "drop", "bob")
    labelled.label(ids[0], "decision", "keep", "bob")
    with pytest.raises(UserError, match=r"Event 1 cannot be undone: decision of trace .* changed since, to keep"):
        labelled.undo(keep.id, "ada")
    assert len(read_journal(labelled.journal)) == 3


def test_undoing_again_and_again_walks_back_through_ones_own_labels(labelled, ids):
    labelled.label(ids[0], "decision", "keep", "ada")
    labelled.label(ids[1], "decision", "drop", "bob")
    labelled.label(ids[1], "note", "why?", "ada")
    walked = []
    while event := labelled.last_undoable("ada"):
        walked.append((event.trace_id, event.name))
        labelled.undo(event.id, "ada")
    assert walked == [(ids[1], "note"), (ids[0], "decision")]
    assert column(labelled, "decision") == [None, "drop"]


def test_the_last_change_of_one_kind_can_be_asked_for(labelled, ids):
    keep = labelled.label(ids[0], "decision", "keep", "ada")
    labelled.label(ids[0], "note", "fine", "ada")
    assert labelled.last_undoable("ada", ("decision",)) == keep
    assert labelled.last_undoable("bob") is None


def test_labels_survive_a_restart_and_can_be_undone_after_it(labelled, ids):
    labelled.label(ids[0], "decision", "drop", "ada")
    labelled.store.close()
    again = Workspace(labelled.root)
    assert column(again, "decision") == ["drop", None]
    again.undo(again.last_undoable("ada").id, "ada")
    assert column(again, "decision") == [None, None]
    again.store.close()


def test_a_lost_store_gets_its_labels_back_from_the_journal(labelled, ids, tmp_path):
    labelled.label(ids[0], "decision", "drop", "ada")
    labelled.label(ids[1], "note", "two lines\u2028in one", "ada")
    labelled.undo(1, "bob")
    said = labelled.events()
    labelled.store.close()
    (labelled.root / "winnow.duckdb").unlink()
    again = Workspace(labelled.root)
    assert again.events() == said
    again.store.take_import("20260101-000001-import-test", tmp_path / "imported")
    assert (column(again, "decision"), column(again, "noted")) == ([None, None], [False, True])
    again.store.close()


def test_a_line_torn_by_a_stop_is_passed_over_and_the_next_one_is_whole(labelled, ids):
    labelled.label(ids[0], "decision", "drop", "ada")
    with open(labelled.journal, "a") as file:
        file.write('{"id": 2, "at": "20')
    assert [event.id for event in read_journal(labelled.journal)] == [1]
    labelled.label(ids[0], "decision", "keep", "ada")
    lines = labelled.journal.read_text().splitlines()
    assert [json.loads(line)["value"] for line in lines] == ["drop", "keep"]


def test_a_broken_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('nonsense\n{"id": 1}\n')
    with pytest.raises(UserError, match=r"labels.jsonl, line 1 is no event: 'nonsense'"):
        read_journal(path)


def test_a_journal_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UserError, match=r"The journal .* cannot be read: Is a directory"):
        read_journal(tmp_path)


def test_nothing_is_labelled_when_the_journal_cannot_be_written(labelled, ids):
    labelled.journal.mkdir()
    with pytest.raises(UserError, match=r"The label cannot be written to .*labels.jsonl: Is a directory"):
        labelled.label(ids[0], "decision", "drop", "ada")
    assert (column(labelled, "decision"), labelled.events()) == ([None, None], [])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("colour", "red", "Unknown label 'colour'; known: decision, human_correct, note"),
        ("decision", "maybe", "decision is one of keep, drop or nothing, not 'maybe'"),
        ("note", "", "A note has 1 to 20,000 characters, not 0"),
    ],
)
def test_a_label_nobody_knows_is_refused(labelled, ids, name, value, message):
    with pytest.raises(UserError, match=message):
        labelled.label(ids[0], name, value, "ada")


def test_a_trace_that_is_not_here_cannot_be_labelled_nor_an_event_undone(labelled):
    with pytest.raises(UserError, match="There is no trace 'nowhere'"):
        labelled.label("nowhere", "decision", "drop", "ada")
    with pytest.raises(UserError, match="There is no event 9 to undo"):
        labelled.undo(9, "ada")


def test_events_are_listed_by_person_kind_and_trace(labelled, ids):
    labelled.label(ids[0], "decision", "drop", "ada")
    labelled.label(ids[1], "note", "why?", "bob")
    labelled.label(ids[1], "decision", "keep", "ada")
    assert [event.id for event in labelled.events()] == [3, 2, 1]
    assert [event.id for event in labelled.events(who="ada", name="decision")] == [3, 1]
    assert [event.id for event in labelled.events(trace_id=ids[1], limit=1)] == [3]
    assert (labelled.count_events(who="ada"), labelled.people()) == (2, ["ada", "bob"])


def test_only_events_in_force_and_the_newest_can_be_undone():
    said = [
        Event(1, "", "ada", "t", "decision", "keep", None),
        Event(2, "", "ada", "t", "decision", "drop", "keep"),
        Event(3, "", "ada", "t", "decision", "keep", "drop", undoes=2),
        Event(4, "", "ada", "u", "decision", "keep", None),
    ]
    assert undoable(said) == {1, 3, 4}


def test_labels_count_apart_from_the_data(labelled, ids):
    before = (labelled.store.version, labelled.store.labelled)
    labelled.label(ids[0], "decision", "drop", "ada")
    assert (labelled.store.version, labelled.store.labelled) == (before[0], before[1] + 1)


def test_what_reads_no_label_is_not_made_anew_for_one(labelled, ids):
    before = labelled.store.version, labelled.store.changes
    labelled.label(ids[0], "decision", "drop", "ada")
    after = labelled.store.version, labelled.store.changes
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]


def test_labels_stay_when_scores_are_made_anew_and_can_be_filtered_by(labelled, ids, tmp_path):
    labelled.label(ids[1], "decision", "drop", "ada")
    labelled.store.take_import("20260101-000002-import-test", tmp_path / "imported")
    assert labelled.store.ids(Filter(values={"decision": ("drop",)})) == [ids[1]]
