"""A store made anew from runs and journals has the tables it had."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from curation.__main__ import run as command
from curation.errors import UserError
from curation.imports.mapping import parse_mapping
from curation.operators.count_tokens import CountTokens
from curation.operators.difficulty import Difficulty
from curation.operators.keep_where import KeepWhere
from curation.operators.repetition import Repetition
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import PROJECT
from curation.storing.damage import trouble
from curation.storing.rebuilding import rebuild_store
from curation.storing.taking import Taking
from curation.workspace import Workspace
from tests.curation.finishing import finish
from tests.kills.outcomes import tables

ROWS = [
    {"question": "1 + 1?", "reasoning": "It is two.\n\nWait, let me check. Yes.", "answer": "2", "reference": "2"},
    {"question": "1 + 1?", "reasoning": "Eleven.", "answer": "11", "reference": "2"},
    {"question": "2 * 3?", "reasoning": "Two threes.", "answer": "6", "reference": "6"},
    {"question": "", "reasoning": "No question.", "answer": "6", "reference": "6"},
]
LATER = [{"question": "2 * 3?", "reasoning": "Six, of course.", "answer": "6", "reference": "7"}]
MAPPING = parse_mapping("question=question,reasoning=reasoning,answer=answer,reference=reference")


@pytest.fixture
def used(workspace: Workspace, write_jsonl: Callable[..., Path]) -> Workspace:
    """Two imports with scores measured before, between and after them, a set, and labels; its store is closed."""
    finish(workspace.import_run([write_jsonl("first.jsonl", *ROWS)], MAPPING))
    workspace.take_in()
    finish(workspace.annotate_run([Repetition(n=1)], Filter()))
    workspace.take_in()
    finish(workspace.annotate_run([VerifyAnswer(), SegmentReasoning()], Filter()))
    workspace.take_in()
    assert workspace.annotate_run([Difficulty()], Filter()) is None
    finish(workspace.import_run([write_jsonl("second.jsonl", *LATER)], MAPPING))
    workspace.take_in()
    recipe = Recipe(name="short", steps=(CountTokens(), KeepWhere(score="n_tokens", maximum=9)))
    finish(workspace.apply_run(recipe, "short", Filter()))
    finish(workspace.annotate_run([Repetition(n=2)], Filter()))
    workspace.take_in()
    first, second = workspace.store.ids(Filter())[:2]
    workspace.label(first, "decision", "drop", "ada")
    workspace.undo(workspace.label(second, "note", "why?", "bob").id, "bob")
    workspace.store.close()
    return workspace


def everything(root: Path) -> dict[str, list[tuple]]:
    work = Workspace(root)
    with closing(work.store):
        return tables(work.store, without=())


def damage(root: Path) -> bytes:
    """Cut the store's file in half and write nonsense into what is left; returns its bytes."""
    path = root / "winnow.duckdb"
    data = path.read_bytes()
    path.write_bytes(data[:5000] + b"nonsense" * 1000 + data[13_000 : len(data) // 2])
    return path.read_bytes()


def test_every_table_is_what_it_was_and_the_damaged_file_is_kept(used):
    before = everything(used.root)
    broken = damage(used.root)
    with pytest.raises(
        UserError, match=rf"it is damaged .*: python -m curation rebuild-store --workspace {used.root} ;"
    ):
        Workspace(used.root).store  # noqa: B018
    found = rebuild_store(Workspace(used.root))
    assert (found.runs, found.labels, found.missing) == (6, 3, [])
    assert found.kept.read_bytes() == broken
    assert everything(used.root) == before
    assert {len(rows) for name, rows in before.items() if name in ("traces", "texts", "scores")} == {5}


def test_a_rebuild_of_a_store_that_is_whole_changes_nothing_and_can_be_repeated(used):
    before = everything(used.root)
    for _ in range(2):
        assert rebuild_store(Workspace(used.root)).missing == []
        assert everything(used.root) == before


def test_a_workspace_from_before_the_journal_gets_back_what_its_runs_hold(used):
    before = everything(used.root)
    used.takings.path.unlink()
    assert rebuild_store(Workspace(used.root)).missing == []
    after = everything(used.root)
    assert {name for name in before if sorted(map(str, before[name])) != sorted(map(str, after[name]))} == {
        "annotations",  # difficulty was computed at once, and of the others only the time is another
        "imports",
        "scores",
    }
    assert set(before["scores"][0]) - set(after["scores"][0]) == set(Difficulty().adds())


def test_what_is_gone_is_named_and_the_rest_is_brought_back(used):
    first = next(run for run in used.takings.read() if run.run and "-import-" in run.run)
    annotated = [entry.run for entry in used.takings.read() if entry.run and "-annotate-" in entry.run]
    shutil.rmtree(used.runs_root / annotated[0])
    (used.runs_root / first.run / "out" / "part-00000.parquet").write_bytes(b"PAR1")
    damage(used.root)
    found = rebuild_store(Workspace(used.root))
    day = first.at[:10]
    assert [reason.split(" (")[0].split(": ")[0] for reason in found.missing] == [
        f"run {first.run}, taken in on {day}",
        f"run {annotated[0]}, taken in on {day}",
    ]
    assert "its folder is gone. Import or measure it again." in found.missing[1]
    assert [row[-1] for row in everything(used.root)["texts"]] == ["extra", "{}"]  # of the second import alone


def test_a_run_begun_twice_counts_where_it_was_last_begun(tmp_path):
    work = Workspace(tmp_path)
    work.takings.note("a")
    work.takings.note("b")
    work.takings.note(steps=[Difficulty()])
    work.takings.note("a")
    assert [(entry.run, [step["op"] for step in entry.steps]) for entry in work.takings.read()] == [
        ("b", []),
        (None, ["difficulty"]),
        ("a", []),
    ]


def test_the_journal_says_what_was_taken_in_when(tmp_path):
    at = Workspace(tmp_path).takings.note("a")
    line = json.loads((tmp_path / "taken.jsonl").read_text())
    assert line == {"at": at.isoformat(), "run": "a", "steps": []}
    assert Workspace(tmp_path).takings.read() == [Taking(at.isoformat(), "a", [])]


def test_a_store_that_is_open_elsewhere_is_not_replaced(used):
    code = (
        "import sys; from pathlib import Path; from curation.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    path = used.root / "winnow.duckdb"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": PROJECT}
    with subprocess.Popen([sys.executable, "-c", code, str(path)], **pipes) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(UserError, match="is open in another process. Stop every Winnow of this workspace"):
            rebuild_store(Workspace(used.root))
        other.communicate("")
    assert not (used.root / ".rebuild").exists()


def test_the_command_says_what_it_made_and_where_the_old_file_is(used, capsys):
    damage(used.root)
    assert command(["traces", "--workspace", str(used.root)]) == 2
    assert "python -m curation rebuild-store --workspace" in capsys.readouterr().err
    assert command(["rebuild-store", "--workspace", str(used.root)]) == 0
    said = capsys.readouterr().out.splitlines()
    (kept,) = used.root.glob("winnow.duckdb.broken-*")
    assert said == [
        "The store is made anew from 6 runs and 3 events of labels.",
        f"The old file is kept as {kept}",
    ]
    assert command(["traces", "--workspace", str(used.root)]) == 0


def named_or(work: Workspace) -> dict[str, list[tuple]] | None:
    """What the store holds; None where it is refused, with the command that mends it."""
    try:
        return everything(work.root)
    except (UserError, duckdb.Error) as error:
        known = error if isinstance(error, UserError) else trouble(error, work.root)
        assert "python -m curation rebuild-store" in str(known)
        return None


@pytest.mark.parametrize("place", [0, 100, 4096, 4200, 8192, 12_288 + 16])
def test_damage_anywhere_is_named_with_the_command_or_does_no_harm(used, place):
    path = used.root / "winnow.duckdb"
    before = everything(used.root)
    data = bytearray(path.read_bytes())
    data[place : place + 64] = bytes(255 - byte for byte in data[place : place + 64])
    path.write_bytes(data)
    assert named_or(used) in (None, before)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_named_with_the_command(used, share):
    path = used.root / "winnow.duckdb"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert named_or(used) is None


def test_a_store_that_was_removed_takes_in_what_is_finished_when_it_is_opened(used):
    before = everything(used.root)
    (used.root / "winnow.duckdb").unlink()
    work = Workspace(used.root)
    with closing(work.store):
        assert len(work.take_in()) == 6
    after = everything(used.root)
    assert {name: sorted(map(str, after[name])) for name in ("texts", "labels", "events")} == {
        name: sorted(map(str, before[name])) for name in ("texts", "labels", "events")
    }
