"""Files that lie elsewhere: the rows of the same files here, and sentences for addresses that cannot be read."""

import io
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.spec import AbstractFileSystem

from curation.application.memory import silent
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.imports.remote import as_text, bring, fetch, last_name, location
from curation.job import Job
from curation.recipe import Recipe
from curation.sets.freeze import rebuild_run
from curation.tasks import apply_task, import_task
from curation.trace import Trace
from curation.workspace import Workspace

COUNTED = Recipe.read("{name: counted, steps: [{op: count_tokens}, {op: keep_where, score: n_chars, minimum: 5}]}")


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a folder in another file system: two files, one inside a folder, and a hidden one."""
    memory, root = fsspec.filesystem("memory"), f"/{uuid.uuid4().hex}"
    for name, text in {"b.jsonl": "second", "deep/a.jsonl": "first", ".hidden": "no"}.items():
        memory.pipe(f"{root}/{name}", text.encode())
    yield f"fsspec+memory://{root}"
    memory.rm(root, recursive=True)


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_folder_is_copied_without_hidden_files(elsewhere, tmp_path):
    told: list[tuple[int, int, str]] = []
    copy = fetch(elsewhere, tmp_path, lambda *values: told.append(values))
    assert (copy, texts(copy)) == (tmp_path, {"b.jsonl": "second", "deep/a.jsonl": "first"})
    assert told[:2] == [(0, 11, "Fetch b.jsonl"), (6, 11, "Fetch deep/a.jsonl")]
    assert told[2][:2] == (11, 11)


def test_a_single_file_is_copied_under_its_name(elsewhere, tmp_path):
    copies = bring([f"{elsewhere}/b.jsonl", "/here/c.jsonl", f"{elsewhere}/deep/a.jsonl"], tmp_path, silent)
    assert copies == [tmp_path / "0" / "b.jsonl", Path("/here/c.jsonl"), tmp_path / "2" / "a.jsonl"]
    assert [copies[0].read_text(), copies[2].read_text()] == ["second", "first"]


def test_what_came_whole_is_not_copied_again(elsewhere, tmp_path):
    fetch(elsewhere, tmp_path, silent)
    (tmp_path / "b.jsonl").write_text("SECOND")
    (tmp_path / "deep" / "a.jsonl").unlink()
    (tmp_path / "deep" / "a.jsonl.tmp").write_text("fir")
    fetch(elsewhere, tmp_path, silent)
    assert texts(tmp_path) == {"b.jsonl": "SECOND", "deep/a.jsonl": "first"}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("gopher://host/traces", "Cannot read gopher://host/traces: .* Addresses may begin with s3://"),
        ("fsspec+nothing://host/traces", "Protocol not known: nothing"),
        ("fsspec+memory:///nowhere", "no such file or folder, or nothing in it"),
        ("file:///nowhere/at/all", "no such file or folder, or nothing in it"),
    ],
)
def test_an_address_that_cannot_be_read_is_said(address, said, tmp_path):
    with pytest.raises(UserError, match=said):
        fetch(address, tmp_path, silent)


class Leading(AbstractFileSystem):
    """A store whose keys lead out of any folder, as an object store's may."""

    protocol = "leading"
    cachable = False

    def info(self, path, **options):
        return {"name": path, "type": "file" if path == "/up/in" else "directory", "size": 3}

    def find(self, path, **options):
        return {f"/up/{name}": {"name": f"/up/{name}", "type": "file", "size": 3} for name in ("../../out", "in")}

    def _open(self, path, mode="rb", **options):
        return io.BytesIO(b"yes")


def test_a_name_that_leads_out_of_the_folder_is_left_out(tmp_path):
    fsspec.register_implementation("leading", Leading, clobber=True)
    fetch("fsspec+leading:///up", tmp_path / "a" / "b", silent)
    assert texts(tmp_path) == {"a/b/in": "yes"}


def test_an_address_with_a_password_is_refused():
    assert as_text(location("s3://bucket/a@b")) == "s3://bucket/a@b"
    with pytest.raises(UserError, match="must not hold a key or password"):
        as_text("s3://me:secret@bucket/traces")


def test_places_have_names():
    assert [last_name(location(text)) for text in ("s3://bucket/traces/", "a/b.jsonl")] == ["traces", "b.jsonl"]


def test_a_set_made_of_an_address_is_the_set_of_the_same_files_here(
    workspace: Workspace, traces: list[Trace], write_traces: Callable[[Path, list[Trace]], list[Path]], tmp_path: Path
):
    write_traces(tmp_path / "parts", traces)
    here = finished(workspace.apply_run(COUNTED, "here", files=[tmp_path / "parts"]), workspace, "here")
    there = finished(workspace.apply_run(COUNTED, "there", files=[f"file://{tmp_path}/parts"]), workspace, "there")
    assert there.manifest.parts == here.manifest.parts
    assert there.manifest.inputs == here.manifest.inputs
    assert there.manifest.source == {"files": [f"file://{tmp_path}/parts"]}
    again = finished(rebuild_run(workspace, there.manifest, "again"), workspace, "again")
    assert again.manifest.parts == here.manifest.parts


def test_an_import_leaves_no_copies(workspace: Workspace, tmp_path: Path):
    (tmp_path / "one.jsonl").write_text('{"question": "1 + 1?", "reasoning": "two", "answer": "2"}\n')
    run = workspace.import_run([f"file://{tmp_path}/one.jsonl"])
    import_task(Job(run))
    assert run.request.title == "Import one.jsonl"
    assert run.result("report.json")["files"][0]["traces"] == 1
    assert not (run.folder / "in" / "fetched").exists()


def finished(run, workspace: Workspace, name: str) -> CuratedSet:
    apply_task(Job(run))
    return workspace.set(name)
