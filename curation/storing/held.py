"""Who holds a store: DuckDB gives its file to one process at a time."""

import re
import shlex
from datetime import datetime
from pathlib import Path

import psutil

from curation.errors import UserError

CONFLICT = "Conflicting lock is held in "
PID = re.compile(r"\(PID (\d+)\)")
LONGEST = 160  # letters of a command


class Held(UserError):
    """The store is open in another process, and free as soon as that one has ended."""


def held_by(path: Path, error: Exception) -> Held | None:
    """Which process holds the store and what to do; None when that is not why it was refused."""
    if CONFLICT not in str(error):
        return None
    said = str(error).split(CONFLICT)[-1].split(". ")[0].strip()
    found = PID.search(said)
    holder = (_command(int(found[1])) if found else None) or said
    return Held(
        f"The store {path} is open in another process, {holder}. Use that one (the app takes in finished runs by "
        f"itself), or stop it{f' (kill {found[1]})' if found else ''} and try again."
    )


def _command(pid: int) -> str | None:
    """What a process was started as, and since when it runs; None where this user may not know."""
    try:
        process = psutil.Process(pid)
        since = datetime.fromtimestamp(process.create_time()).astimezone()
        command = " ".join(shlex.join(process.cmdline()).split())
    except psutil.Error:
        return None
    short = command if len(command) <= LONGEST else f"{command[:LONGEST]} …"
    return f"{short} (PID {pid}, since {since:%d %B, %H:%M})"
