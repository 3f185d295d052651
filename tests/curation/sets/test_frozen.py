import json
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.imports.run import import_files
from curation.operator import OPERATORS
from curation.query.filters import Filter
from curation.sets.frozen import freeze, freeze_at
from curation.table import from_table, parts, read_batches
from curation.workspace import Workspace


@pytest.fixture
def work(tmp_path):
    path = tmp_path / "ada.jsonl"
    rows = [{"question": f"{n} + 1?", "reasoning": f"{n} and 1", "answer": str(n + 1), "model": "ada"} for n in (1, 2)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_files([path], tmp_path / "imported")
    made = Workspace(tmp_path / "w")
    made.store.take_import("20260101-000000-import-test", tmp_path / "imported")
    yield made
    made.store.close()


def test_the_same_rows_are_frozen_at_the_same_place(work):
    first, again = freeze(work, Filter(), []), freeze(work, Filter(), [OPERATORS.parse({"op": "count_tokens"})])
    other = freeze(work, Filter(text="2 and"), [])
    assert first == again
    assert (first.rows, other.rows) == (2, 1)
    assert first.folder != other.folder
    texts = [trace.reasoning for batch in read_batches(parts(Path(other.folder))) for trace in from_table(batch)]
    assert texts == ["2 and 1"]


def test_labels_make_other_rows(work):
    first = freeze(work, Filter(), [])
    work.label(work.store.ids(Filter())[0], "decision", "drop", "me")
    assert freeze(work, Filter(), []).folder != first.folder


def test_nothing_is_left_beside_what_is_frozen(work):
    made = freeze(work, Filter(), [])
    assert [str(path) for path in (work.root / "frozen").iterdir()] == [made.folder]


def test_no_rows_are_refused(work):
    with pytest.raises(UserError, match="No trace of the workspace .* passes the filter .*nope.*; import some"):
        freeze(work, Filter(text="nope"), [])


def test_a_closed_workspace_is_opened_for_it_and_closed_again(work):
    work.store.close()
    made = freeze_at(work.root, Filter(), [])
    assert freeze_at(work.root, Filter(), []) == made
