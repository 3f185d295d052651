"""A disk that is full, or may only be read, while the store is written: nothing half done, and a sentence."""

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.operators.count_tokens import CountTokens
from curation.query.filters import Filter
from curation.runs import Run
from curation.workspace import Workspace
from tests.curation.finishing import finish

ROOM = 700_000  # bytes that are left on the disk


def resize(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


@pytest.fixture
def disk(small_disk: Path) -> Path:
    """A larger disk, to be filled by the test."""
    resize(small_disk, "size=64m")
    return small_disk


def imported(disk: Path, name: str, rows: int) -> Run:
    made = [{"question": f"{name} {n}?", "reasoning": os.urandom(1000).hex(), "answer": "a"} for n in range(rows)]
    path = disk.parent / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in made))
    return finish(Workspace(disk / "w").import_run([path]))


def fill(disk: Path, room: int) -> Path:
    """Leave that much room."""
    left = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(bytes(left - room))
    return disk / "filler"


def test_results_that_do_not_fit_are_taken_in_once_there_is_room(disk):
    first, second = imported(disk, "first", 20), imported(disk, "second", 1500)
    work = Workspace(disk / "w")
    (second.folder / "status.json").rename(disk / "later.json")
    assert work.take_in() == [first.id]
    (disk / "later.json").rename(second.folder / "status.json")
    filler = fill(disk, ROOM)
    with pytest.raises(UserError, match=r"^The disk is full \(\d+ MiB left\) while writing .*free some space and try"):
        work.take_in()
    assert work.store.count(Filter()).rows == 20
    filler.unlink()
    with closing(work.store):
        assert work.take_in() == [second.id]
        assert work.store.count(Filter()).rows == 1520


def test_a_label_that_does_not_fit_is_not_said_and_can_be_said_later(disk):
    imported(disk, "first", 20)
    work = Workspace(disk / "w")
    with closing(work.store):
        work.take_in()
        (trace,) = work.store.ids(Filter(), 1)
        filler = fill(disk, 0)
        with pytest.raises(UserError, match=r"^The disk is full"):
            work.label(trace, "note", "x" * 20_000, "ada")
        assert (work.labels(trace), work.events()) == ({}, [])
        filler.unlink()
        work.label(trace, "note", "why?", "ada")
        assert work.labels(trace) == {"note": "why?"}


def test_a_run_whose_rows_do_not_fit_is_not_made(disk):
    imported(disk, "first", 1500)
    work = Workspace(disk / "w")
    with closing(work.store):
        work.take_in()
        before = sorted(path.name for path in work.runs_root.iterdir())
        fill(disk, 100_000)
        with pytest.raises(UserError, match=r"^The disk is full"):
            work.annotate_run([CountTokens()], Filter())
        assert sorted(path.name for path in work.runs_root.iterdir()) == before


def test_a_read_only_workspace_can_be_looked_at_and_says_why_nothing_can_be_changed(disk):
    imported(disk, "first", 20)
    work = Workspace(disk / "w")
    with closing(work.store):
        work.take_in()
        seen = work.store.page(Filter())
    resize(disk, "ro")
    looked = Workspace(disk / "w")
    with closing(looked.store):
        assert looked.take_in() == []
        assert looked.store.page(Filter()) == seen
        (trace,) = looked.store.ids(Filter(), 1)
        assert looked.store.trace(trace).problem.question == "first 0?"
        assert looked.store.count(Filter(text="FIRST 1?")).rows == 1
        for change in (
            lambda: looked.label(trace, "decision", "drop", "ada"),
            lambda: looked.annotate_run([CountTokens()], Filter()),
            lambda: looked.start_import([disk / "w"]),
        ):
            with pytest.raises(UserError, match=r"is read-only: it can be looked at|Read-only file system"):
                change()
