"""Places: which file a name or path given by people may mean.

A person at her own computer may read what she can read. An app that others reach is confined: it reads its workspace,
what ships with Winnow and the folders named in WINNOW_DATA, and nothing else, also through a link that leads out.
The confinement is a variable of the environment, so that the processes the app starts are confined as it is.
"""

import os
import re
from pathlib import Path

from curation.errors import UserError

DATA = "WINNOW_DATA"  # folders, divided as in PATH, that people may read beside the workspace
CONFINED = "WINNOW_CONFINED"  # every folder that may be read; set by `confine`, never by hand
SHIPPED = Path(__file__).resolve().parents[1] / "data"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
LONGEST, PART = 4000, 255  # bytes of a path and of one name in it, as Linux has them


def child(folder: Path, name: str) -> Path:
    """The entry of a folder that a name means; UserError for a name that could mean anything else."""
    if not NAME.fullmatch(name):
        raise UserError(f"{name[:80]!r} cannot be a name here: use letters, digits, '.', '_' and '-', at most 150.")
    return folder / name


def confine(root: Path) -> None:
    """From now on this process and those it starts read the workspace, shipped files and WINNOW_DATA alone."""
    named = [Path(folder) for folder in os.environ.get(DATA, "").split(os.pathsep) if folder]
    shipped = [SHIPPED / name for name in ("samples", "benchmark", "base_student")]
    os.environ[CONFINED] = os.pathsep.join(str(folder.resolve()) for folder in (root, *shipped, *named))


def may_read(path: Path) -> bool:
    """Whether a file or folder lies, with every link followed, where it may be read."""
    allowed = os.environ.get(CONFINED)
    if allowed is None:
        return True
    target = Path(os.path.realpath(path))
    return any(target.is_relative_to(folder) for folder in allowed.split(os.pathsep))


def readable(given: str | Path) -> Path:
    """The path that a text means; UserError where it can be none, or lies outside of what may be read."""
    path = typed(given)
    if not may_read(path):
        raise UserError(
            f"{path} may not be read: others reach this app, so it reads its workspace and the folders in {DATA} "
            "alone. Upload the file, or have its folder added there."
        )
    return path


def model_name(given: str) -> str:
    """The name of a model as it was given; UserError where it is a folder that may not be read."""
    return str(readable(given)) if typed(given).exists() else given


def typed(given: str | Path) -> Path:
    """The path that a text means, wherever it leads; UserError where it can be none."""
    text = os.fsencode(str(given).encode("utf-8", "replace"))
    if b"\0" in text or len(text) > LONGEST or max(map(len, text.split(b"/"))) > PART:
        raise UserError(f"{str(given)[:80]!r} is no path: it is too long, or holds a sign that no path may have.")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise UserError(f"{str(given)[:80]!r} names the home of a user this computer does not know.") from None
