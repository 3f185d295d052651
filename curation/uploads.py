"""Uploads: files that a browser sent, kept in the workspace so that a run can read them."""

import hashlib
import os
import re
from pathlib import Path, PurePosixPath

from curation.disk import refusal
from curation.errors import UserError

FOLDER = "uploads"  # in a workspace
STRANGE = re.compile(r"[^\w.\- ]")
LONGEST = 60  # ours: letters of a kept name; the last ones, since they tell the format


def keep(root: Path, name: str, data: bytes | memoryview) -> Path:
    """Keep an upload under its content and its plain name: two people's `traces.jsonl` stay two files."""
    folder = root / FOLDER / hashlib.sha256(data).hexdigest()[:16]
    path = folder / plain_name(name)
    if not path.is_file():
        temporary = path.with_name(f".{os.getpid()}.tmp")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise UserError(refusal(error, root) or f"{name} cannot be kept in {folder}: {error.strerror}.") from None
    return path


def plain_name(name: str) -> str:
    """A file's name that is no path and no hidden file, whatever the browser calls it."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return STRANGE.sub("_", last)[-LONGEST:].lstrip(". ") or "upload"
