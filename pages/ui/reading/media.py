"""Images, audio and video of a problem, from files that belong to it; nothing is ever loaded from the network."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from PIL import Image

from curation.trace import Trace
from curation.workspace import Workspace
from pages.ui.reading.maths import visible
from pages.ui.state import runs

KINDS = {
    "image": (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"),
    "audio": (".wav", ".mp3", ".ogg", ".flac", ".m4a"),
    "video": (".mp4", ".webm", ".mov", ".ogv"),
}
LARGEST = 200 * 2**20  # bytes of a file read for the page


class Medium(NamedTuple):
    """A medium as the row names it, and its file where one may be shown, else why not."""

    name: str
    path: Path | None
    reason: str = ""


def show(work: Workspace, trace: Trace) -> None:
    """Draw the media of the trace's problem."""
    if not trace.problem.media:
        return
    found = [find(name, homes(work, trace)) for name in trace.problem.media]
    with st.container(horizontal=True, gap="small", key="media"):
        for medium in found:
            if medium.path:
                _draw(medium.path)
    for medium in found:
        if not medium.path:
            # as HTML, because Markdown would make an address a link
            st.html(f'<div class="w-note">{html.escape(visible(f"{medium.name[:300]} ({medium.reason})"))}</div>')


def _draw(path: Path) -> None:
    kind = kind_of(path)
    if kind == "image":
        try:
            st.image(str(path), width=420)
        except (OSError, Image.DecompressionBombError) as error:
            st.html(f'<div class="w-note">{html.escape(visible(f"{path.name} cannot be drawn: {error}"[:300]))}</div>')
    elif kind == "audio":
        st.audio(str(path), width=420)
    else:
        st.video(str(path), width=420)


def kind_of(path: Path) -> str | None:
    """What the file is, by its ending; None when it cannot be shown."""
    return next((kind for kind, ends in KINDS.items() if path.suffix.lower() in ends), None)


def homes(work: Workspace, trace: Trace) -> list[Path]:
    """Folders that media may lie in: the workspace, and where the trace's file was imported from."""
    folders = [work.root]
    for run in runs(work, "import"):
        for path in map(Path, run.request.inputs.get("paths", [])):
            if path.is_dir() and (path / trace.source).is_file():
                folders += [path, (path / trace.source).parent]
            elif trace.source in (path.name, str(path)):
                folders.append(path.parent)
    return list(dict.fromkeys(folder.resolve() for folder in folders))


def find(name: str, folders: Sequence[Path]) -> Medium:
    """The file a row names, when it lies in one of the folders and can be shown."""
    if "://" in name or name.startswith(("data:", "//")):
        return Medium(name, None, "an address; files are never loaded from the network")
    if "\0" in name or len(name) > 1000:
        return Medium(name, None, "no file name")
    for folder in folders:
        path = (folder / name).resolve()
        if any(path.is_relative_to(home) for home in folders) and path.is_file():
            if kind_of(path) is None:
                return Medium(name, None, "a file that cannot be shown here")
            if path.stat().st_size > LARGEST:
                return Medium(name, None, f"larger than {LARGEST // 2**20} MiB")
            return Medium(name, path)
    return Medium(name, None, "not found beside the imported file or in the workspace")
