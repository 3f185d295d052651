"""`python -m tests.fuzz --cases 1000000`: many cases of every target, and a table of what became of them."""

import argparse
import sys

from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS

HEAD = "| target | cases | seconds | cases a second | failures |\n|---|---|---|---|---|\n"


def main() -> int:
    """Run the cases asked for, shared among the targets; 1 where one fails."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--cases", type=int, default=10_000, help="of all targets together")
    asked.add_argument("--only", default="", help="targets whose name holds this")
    given = asked.parse_args()
    chosen = [target for target in TARGETS if given.only in target.name]
    whole, failed, table = sum(target.share for target in chosen), 0, HEAD
    for target in chosen:
        found = fuzz(target, max(1, round(given.cases * target.share / whole)))
        failed += len(found.failures)
        pace = found.cases / found.seconds if found.seconds else 0
        table += f"| {found.target} | {found.cases:,} | {found.seconds:.0f} | {pace:,.0f} | {len(found.failures)} |\n"
        sys.stderr.write("".join(found.failures))
        sys.stderr.write(f"{found.target}: {found.cases:,} cases, {len(found.failures)} failures\n")
    sys.stdout.write(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
