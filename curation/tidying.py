"""Disk use of runs, and what of it may go: checkpoints of finished training, and runs that nothing rests on.

What rests on a run is found by its id in the documents of the workspace: requests and results of other runs, manifests
of sets, studies. So a document of any kind protects the runs it names.
"""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from curation.errors import UserError
from curation.runs import ACTIVE, Run, all_runs

ID = re.compile(r"\d{8}-\d{6}-[a-z]+-[0-9a-f]{4}")
DOCUMENTS = (".json", ".yaml", ".yml")
CHECKPOINTS = "checkpoints"
LARGEST = 5_000_000  # bytes; a larger document is data
IMPORTED = ("import", "annotate", "generate")


class Removable(NamedTuple):
    """A run that nothing rests on, or a part of one, and the bytes that removing it frees."""

    run: Run
    folder: Path
    bytes: int


def size(folder: Path) -> int:
    """Bytes of all files of a folder; hard links are counted each time."""
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # a checkpoint that was just rotated away
                continue
    return total


def needed(root: Path) -> dict[str, list[str]]:
    """By the id of a run, what rests on it, in words; `root` is the workspace."""
    found: dict[str, list[str]] = {}
    for path in _documents(root):
        for named in sorted(set(ID.findall(path.read_text(encoding="utf-8", errors="replace")))):
            who = _holder(path, root)
            if who != f"run {named}" and who not in found.setdefault(named, []):
                found[named].append(who)
    for run in all_runs(root / "runs"):
        reason = _own_reason(run)
        if reason:
            found.setdefault(run.id, []).append(reason)
    return {run: reasons for run, reasons in found.items() if reasons}


def old_checkpoints(root: Path) -> list[Removable]:
    """Checkpoints of training that is done: its model is in its place, so nothing goes on from them."""
    done = [run for run in all_runs(root / "runs") if run.request.kind == "train" and run.status().state == "done"]
    folders = [(run, run.out / CHECKPOINTS) for run in done if (run.out / CHECKPOINTS).is_dir()]
    return [Removable(run, folder, size(folder)) for run, folder in folders]


def unneeded(root: Path) -> list[Removable]:
    """Runs that have ended and that nothing rests on."""
    held = needed(root)
    ended = [run for run in all_runs(root / "runs") if run.id not in held and run.status().state not in ACTIVE]
    return [Removable(run, run.folder, size(run.folder)) for run in ended]


def remove(chosen: Iterable[Removable], root: Path) -> int:
    """Remove what was found removable, looked at anew; returns the bytes freed. UserError names what is in the way."""
    items, held = list(chosen), needed(root)
    for item in items:
        state = item.run.status().state
        if state in ACTIVE:
            raise UserError(f"Run '{item.run.id}' is {state}; cancel it before removing anything of it.")
        if item.folder == item.run.folder and item.run.id in held:
            raise UserError(f"Run '{item.run.id}' is needed by {', '.join(held[item.run.id])}; remove that first.")
    for item in items:
        if item.folder == item.run.folder:  # a half-removed folder is no run any more
            (item.folder / "run.json").unlink(missing_ok=True)
        shutil.rmtree(item.folder, ignore_errors=True)
    return sum(item.bytes for item in items)


def _documents(root: Path) -> Iterable[Path]:
    """Requests and results of runs, manifests of sets, and whatever else lies in the workspace as JSON or YAML."""
    for run in all_runs(root / "runs"):
        yield from (path for path in (run.folder / "run.json", *_small(run.folder / "in"), *_small(run.out)))
    for place, folders, files in os.walk(root):
        if Path(place) == root:
            folders[:] = sorted(name for name in folders if name != "runs" and not name.startswith("."))
        yield from (path for path in (Path(place) / name for name in files) if _is_document(path))


def _small(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _is_document(path)] if folder.is_dir() else []


def _is_document(path: Path) -> bool:
    return path.suffix in DOCUMENTS and path.is_file() and path.stat().st_size <= LARGEST


def _holder(path: Path, root: Path) -> str:
    """Whose document it is: run ID, set NAME, or the place in the workspace."""
    parts = path.relative_to(root).parts
    kinds = {"runs": "run", "sets": "set", "studies": "study"}
    return f"{kinds[parts[0]]} {Path(parts[1]).stem}" if parts[0] in kinds else "/".join(parts)


def _own_reason(run: Run) -> str | None:
    """Why a finished run of data stays: the store is rebuilt from imports, and a set says what made it."""
    request = run.request
    if run.status().state != "done":
        return None
    if request.kind in IMPORTED:
        return "the store, which is rebuilt from it"
    made = request.inputs.get("set")
    if request.kind == "apply" and made and (Path(made) / "manifest.json").is_file():
        return f"set {Path(made).name}"
    return None
