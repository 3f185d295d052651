import json

import pytest

from curation.trace import Problem, Trace
from pages.ui.reading.media import Medium, find, homes, kind_of


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "home"
    (home / "images").mkdir(parents=True)
    (home / "images" / "4.JPG").write_bytes(b"x")
    (home / "notes.txt").write_text("x")
    (tmp_path / "secret.png").write_bytes(b"x")
    return home


def test_a_file_beside_the_import_is_found(folder):
    assert find("images/4.JPG", [folder]) == Medium("images/4.JPG", folder / "images" / "4.JPG")


@pytest.mark.parametrize("name", ["../secret.png", "images/../../secret.png", "missing.png"])
def test_a_file_elsewhere_is_not_shown(folder, name):
    assert find(name, [folder]) == Medium(name, None, "not found beside the imported file or in the workspace")


def test_an_absolute_path_and_a_link_that_lead_out_are_not_shown(folder):
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    assert find(str(folder.parent / "secret.png"), [folder]).path is None
    assert find("link.png", [folder]).path is None


@pytest.mark.parametrize("name", ["https://example.com/a.png", "//example.com/a.png", "data:image/png;base64,AAAA"])
def test_an_address_is_never_loaded(folder, name):
    assert find(name, [folder]) == Medium(name, None, "an address; files are never loaded from the network")


def test_only_images_audio_and_video_are_shown(folder):
    assert find("notes.txt", [folder]) == Medium("notes.txt", None, "a file that cannot be shown here")
    assert [kind_of(folder / name) for name in ("a.png", "a.wav", "a.mp4", "a.svg")] == [
        "image", "audio", "video", None,
    ]  # fmt: skip


def test_media_may_lie_in_the_workspace_and_beside_the_imported_file(workspace, tmp_path):
    file = tmp_path / "rows" / "deep" / "pictures.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"question": "How many?", "generation": "5"}))
    workspace.import_run([tmp_path / "rows"])
    inside = Trace(Problem("q"), "r", source="deep/pictures.jsonl")
    assert homes(workspace, inside) == [workspace.root, tmp_path / "rows", tmp_path / "rows" / "deep"]
    assert homes(workspace, Trace(Problem("q"), "r", source="other.jsonl")) == [workspace.root]
