"""Why the store's file is refused: another process holds it, the disk refuses it, or its bytes are damaged."""

from pathlib import Path

import duckdb

from curation.disk import refusal
from curation.errors import UserError
from curation.storing.held import held_by

STORE = "winnow.duckdb"  # in a workspace
BROKEN = (duckdb.FatalException, duckdb.InternalException, duckdb.SerializationException)
SIGNS = (
    "Corrupt database file", "checksum", "not a valid DuckDB database file", "Could not read enough bytes from file",
)  # fmt: skip


def refused(path: Path, error: duckdb.Error) -> UserError:
    """Why the file cannot be opened."""
    if found := held_by(path, error):
        return found
    reason = refusal(error, path.parent)
    return UserError(f"The store {path} cannot be opened: {reason}" if reason else _damaged(path, error))


def only_to_be_read(path: Path) -> UserError:
    """Why nothing can be changed in a workspace on a disk that may not be written."""
    return UserError(
        f"The workspace {path.parent} is read-only: it can be looked at, and nothing in it changed. Make it writable "
        "and start Winnow again, or copy it to a folder that is yours."
    )


def trouble(error: Exception, root: Path) -> UserError | None:
    """What to tell the user of an error that came up in a workspace; None when neither disk nor store is to blame."""
    reason = refusal(error, root)
    signs = (*SIGNS, str(root / STORE))  # what is read from the file and cannot be names it
    if reason is None and (isinstance(error, BROKEN) or any(sign in str(error) for sign in signs)):
        reason = _damaged(root / STORE, error)
    return UserError(reason) if reason else None


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"The store {path} cannot be opened or read: it is damaged ({str(error).splitlines()[0][:200]}). What was "
        "imported, generated, measured and said is kept in runs and journals too. Stop every Winnow of this workspace "
        f"and make the store anew from them with: python -m curation rebuild-store --workspace {path.parent} ; the "
        "damaged file is kept beside it."
    )
