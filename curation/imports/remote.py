"""Files that lie elsewhere, as in s3://bucket/traces: brought into the folder of a run before they are read.

Copied rather than read in place: each file is hashed and read in one go, a resumed run finds what came whole, and the
rows are those of the same files on this machine.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import pyarrow.fs as fs

from curation.errors import UserError

Location = Path | str  # of this machine, or an address elsewhere
Progress = Callable[[int, int, str], None]
MARK = "://"
SCHEMES = "s3://, gs://, abfs://, hdfs://, hf://, file://, or fsspec+NAME:// for any other that fsspec knows"
UNREADABLE: tuple[type[Exception], ...] = (OSError, ValueError, ImportError)  # of Arrow's and fsspec's file systems


def location(text: str) -> Location:
    """A path of this machine or an address, as somebody wrote it."""
    return text if MARK in text else Path(text)


def as_text(given: Location) -> str:
    """The location as a run is told it, wherever the run starts."""
    if isinstance(given, Path):
        return str(given.resolve())
    if "@" in given.split(MARK)[1].split("/")[0]:
        raise UserError(
            "An address must not hold a key or password, since sets note where they come from: put it into the "
            "environment, as in AWS_ACCESS_KEY_ID."
        )
    return given


def check_paths(given: Iterable[Location]) -> None:
    """UserError for a path of this machine that is not there; what lies elsewhere is looked at when it is read."""
    for path in given:
        if isinstance(path, Path) and not path.exists():
            raise UserError(f"Cannot import {path}: no such file or folder. Check the path.")


def last_name(given: Location) -> str:
    """The name of a file or folder."""
    return given.name if isinstance(given, Path) else PurePosixPath(given).name


def bring(places: Sequence[str], folder: Path, progress: Progress) -> list[Path]:
    """The files and folders of a run's request on this machine; copies lie in `folder`, one folder an address."""
    return [
        fetch(text, folder / str(number), progress) if MARK in text else Path(text)
        for number, text in enumerate(places)
    ]


def fetch(address: str, folder: Path, progress: Progress) -> Path:
    """Copy a file or folder, but for what came whole before; returns the copy. UserError when it cannot be read."""
    try:
        system, root = fs.FileSystem.from_uri(address)
        found = list(_files(system, root))
        if not found:
            raise FileNotFoundError("no such file or folder, or nothing in it")
        total, done = sum(info.size for info, _ in found), 0
        for info, name in found:
            progress(done, total, f"Fetch {name}")
            _copy(system, info, _inside(folder, name))
            done += info.size
    except UNREADABLE as error:
        raise UserError(f"Cannot read {address}: {error}. Addresses may begin with {SCHEMES}.") from error
    progress(total, total, f"Fetch {last_name(address)}")
    return folder / found[0][1] if found[0][0].path == root else folder


def _files(system: fs.FileSystem, root: str) -> Iterator[tuple[fs.FileInfo, str]]:
    """The file, or those inside the folder, in order and with their names in it; hidden ones are left out."""
    info = system.get_file_info(root)
    if info.is_file:
        yield info, info.base_name
        return
    if info.type == fs.FileType.NotFound:
        return
    inside = [one for one in system.get_file_info(fs.FileSelector(root, recursive=True)) if one.is_file]
    for one in sorted(inside, key=lambda one: one.path):
        name = PurePosixPath(one.path).relative_to(root)
        if not any(part.startswith(".") for part in name.parts):
            yield one, str(name)


def _copy(system: fs.FileSystem, info: fs.FileInfo, target: Path) -> None:
    if target.exists() and target.stat().st_size == info.size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.tmp")
    with system.open_input_stream(info.path, compression=None) as source, temporary.open("wb") as file:
        shutil.copyfileobj(source, file)
    temporary.rename(target)


def _inside(folder: Path, name: str) -> Path:
    """Where a file's copy goes; UserError for a name that would lead out of the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UserError(f"The file '{name}' would be written outside {folder}; rename it there.")
    return path
