"""One heavy run at a time, the others in the order they came."""

import os
from pathlib import Path

import pytest

from curation.life import started
from curation.runs import Request, Run, Status, create, replace_text
from curation.waiting import queue, turn


class Stop(Exception):
    pass


def refuse() -> None:
    raise Stop


def waiting(root: Path, title: str, came: int, alive: bool = True) -> Run:
    """A run that waits, with its ticket; its process is this one, or one that is gone."""
    run = create(root, Request(kind="import", worker="curation.worker", title=title))
    began = started(os.getpid()) - (0 if alive else 3600)
    replace_text(run.folder / "status.json", Status(pid=os.getpid(), pid_started=began).model_dump_json())
    if came:
        (root / ".waiting").mkdir(exist_ok=True)
        (root / ".waiting" / f"{came}-{run.id}").touch()
    return run


def test_the_queue_is_in_the_order_the_runs_came_without_those_that_are_gone(tmp_path):
    late, early = waiting(tmp_path, "late", 200), waiting(tmp_path, "early", 100)
    waiting(tmp_path, "gone", 50, alive=False)
    assert [run.id for run in queue(tmp_path)] == [early.id, late.id]


def test_a_run_waits_for_one_that_came_before_although_the_lock_is_free(tmp_path):
    waiting(tmp_path, "before", 100)
    mine = waiting(tmp_path, "mine", 0)
    with pytest.raises(Stop), turn(mine, refuse):
        raise AssertionError("it was not its turn")
    assert [path.name[:3] for path in (tmp_path / ".waiting").iterdir()] == ["100"]


def test_a_run_takes_its_turn_when_those_before_are_gone_and_leaves_no_ticket(tmp_path):
    waiting(tmp_path, "gone", 100, alive=False)
    mine = waiting(tmp_path, "mine", 0)
    with turn(mine, refuse):
        assert queue(tmp_path) == []


def test_a_ticket_left_by_a_killed_worker_does_not_hold_up_its_own_run(tmp_path):
    mine = waiting(tmp_path, "mine", 100)
    with turn(mine, refuse):
        assert list((tmp_path / ".waiting").iterdir()) == []


def test_the_lock_is_held_by_one(tmp_path):
    first, second = waiting(tmp_path, "first", 0), waiting(tmp_path, "second", 0)
    with turn(first, refuse), pytest.raises(Stop), turn(second, refuse):
        raise AssertionError("both had it")
