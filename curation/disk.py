"""Sentences for what a disk refuses: it is full, over quota, read-only, or belongs to somebody else."""

import errno
import os
import shutil
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


def refusal(error: Exception, place: Path) -> str | None:
    """What to tell the user, or None when the disk is not to blame; `place` where the error names no file."""
    if _is(error, FULL):
        free = shutil.disk_usage(_existing(place)).free // 2**20
        return (
            f"The disk is full ({free} MiB left) while writing {_name(error, place)}; free some space and try again."
        )
    if denied(error):
        return f"{_name(error, place)} cannot be written or read: {_reason(error)}. Choose a folder that is yours."
    return None


def denied(error: Exception) -> bool:
    """True when the place may be read at most."""
    return _is(error, DENIED)


def _is(error: Exception, numbers: tuple[int, ...]) -> bool:
    """By number, or by its text: DuckDB's errors are no OSErrors, and Arrow's hold no number."""
    number = error.errno if isinstance(error, OSError) else None
    return number in numbers or (number is None and any(os.strerror(known) in str(error) for known in numbers))


def _name(error: Exception, place: Path) -> str:
    return str(error.filename if isinstance(error, OSError) and error.filename else place)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = (os.strerror(known) for known in DENIED)
    return next((reason for reason in said if reason in str(error)), "permission denied")


def _existing(place: Path) -> Path:
    return next(path for path in (place, *place.absolute().parents) if path.exists())
