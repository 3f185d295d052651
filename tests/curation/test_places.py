"""Which files a name or a path may mean."""

import os

import pytest

from curation.benchmarks import locate
from curation.errors import UserError
from curation.imports.plan import find_sources
from curation.places import child, confine, model_name, readable
from curation.prompting.shots import shelf
from curation.runs import find
from curation.workspace import Workspace
from training.student import resolve

ROW = '{"question": "1 + 1?", "answer": "2"}\n'


@pytest.fixture
def outside(tmp_path):
    """A file and a folder beside the workspace."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "rows.jsonl").write_text(ROW)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The root of a workspace that others reach."""
    root = tmp_path / "workspace"
    (root / "uploads").mkdir(parents=True)
    (root / "uploads" / "own.jsonl").write_text(ROW)
    monkeypatch.setenv("WINNOW_CONFINED", "")  # so that it is taken back
    confine(root)
    return root


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "a\0b", ".hidden", "~", "a" * 200, "é", "-rf"])
def test_a_name_that_could_mean_something_else_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="cannot be a name here"):
        child(tmp_path, name)


def test_a_name_means_the_entry_of_its_folder(tmp_path):
    assert child(tmp_path, "20261121-073012-train-4f2a") == tmp_path / "20261121-073012-train-4f2a"


@pytest.mark.parametrize("name", ["../outside", "..", "\0", "x" * 300])
def test_no_run_and_no_set_is_looked_for_elsewhere(tmp_path, outside, name):
    work = Workspace(tmp_path / "workspace")
    with pytest.raises(UserError):
        find(work.runs_root, name)
    with pytest.raises(UserError):
        work.set(name)


def test_a_person_at_her_own_computer_may_read_what_she_can_read(outside):
    assert readable(outside / "rows.jsonl") == outside / "rows.jsonl"


@pytest.mark.parametrize("given", ["a\0b", "x" * 300, "/".join(["x" * 200] * 30), "~nobody-of-that-name/x"])
def test_what_is_no_path_is_refused(given):
    with pytest.raises(UserError, match="is no path|names the home of a user"):
        readable(given)


def test_an_app_that_others_reach_reads_its_workspace(inside):
    assert [source.name for source in find_sources([inside / "uploads"])] == ["own.jsonl"]


@pytest.mark.parametrize(
    "path", ["outside", "outside/rows.jsonl", "workspace/../outside", "workspace/uploads/../../outside/rows.jsonl"]
)
def test_it_reads_nothing_beside_it(inside, outside, path):
    with pytest.raises(UserError, match="others reach this app"):
        find_sources([inside.parent / path])


def test_a_link_does_not_lead_out(inside, outside):
    (inside / "uploads" / "leak.jsonl").symlink_to(outside / "rows.jsonl")
    (inside / "uploads" / "leak").symlink_to(outside)
    (inside / "uploads" / "loop").symlink_to(inside / "uploads" / "loop")
    assert [source.name for source in find_sources([inside / "uploads"])] == ["own.jsonl"]
    for name in ("leak.jsonl", "leak"):
        with pytest.raises(UserError, match="others reach this app"):
            find_sources([inside / "uploads" / name])


def test_folders_that_are_named_may_be_read_too(inside, outside, monkeypatch):
    monkeypatch.setenv("WINNOW_DATA", os.pathsep.join([str(outside), "/nowhere"]))
    confine(inside)
    assert [source.name for source in find_sources([outside / "rows.jsonl"])] == ["rows.jsonl"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda path: locate(f"{path}/rows.jsonl"),
        lambda path: shelf(f"{path}/rows.jsonl", ""),
        lambda path: resolve(str(path), path.parent / "workspace" / "runs"),
        lambda path: model_name(str(path)),
    ],
    ids=["benchmark", "examples", "student", "model"],
)
def test_no_benchmark_example_or_model_is_read_from_elsewhere(inside, outside, ask):
    with pytest.raises(UserError, match="others reach this app"):
        ask(outside)


def test_what_ships_with_winnow_can_still_be_named(inside):
    assert locate("word_problems").name == "word_problems.jsonl"
    assert resolve("base", inside / "runs").name == "base"
    assert resolve("owner/name", inside / "runs").path == "owner/name"
