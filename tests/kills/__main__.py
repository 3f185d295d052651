"""Kills each kind of work at random moments and prints what was lost: `python -m tests.kills --kills 100 --seed 1`."""

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from tests.kills.killing import Found, kill_often
from tests.kills.kinds import Worlds

HEAD = "| work | seconds | kills | ended before its kill | half-done seen | another result | resumed whole |\n"


def row(found: Found) -> str:
    """One line of the table."""
    whole = found.kills - found.other
    cells = (found.kind, f"{found.seconds:.2f}", found.kills, found.late, found.torn, found.other, whole)
    return f"| {' | '.join(map(str, cells))} |\n"


def main() -> int:
    """The exit code: 0 when every kill left nothing half-done and the very result of unbroken work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills of each kind (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments (default: 0)")
    parser.add_argument("--rows", type=int, default=200, help="traces that are worked on (default: 200)")
    parser.add_argument("--only", nargs="*", help="kinds of work (default: all)")
    parser.add_argument("--place", type=Path, help="folder for the workspaces (default: a temporary one)")
    given = parser.parse_args()
    place = given.place or Path(mkdtemp(prefix="winnow-kills-"))
    worlds = Worlds(place / "start", given.rows)
    sys.stdout.write(HEAD + "|---|---|---|---|---|---|---|\n")
    reasons: list[str] = []
    for kind, make in worlds.kinds().items():
        if given.only is None or kind in given.only:
            found = kill_often(kind, make, place / kind, given.kills, given.seed)
            sys.stdout.write(row(found))
            sys.stdout.flush()
            reasons += found.reasons
    sys.stdout.write("".join(f"{reason}\n" for reason in reasons))
    if not reasons:
        shutil.rmtree(place)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
