"""All benches: python -m tests.bench [SIZE] [PARTS...] [--folder FOLDER].

Each part runs in a process of its own, on the same files of so many traces. What it found is said, kept as lines of
artefacts/bench/figures.jsonl, and shown with all that was found before in RESULTS.md. The exit code is 1 when a part
failed or a figure is not as asked. With a folder, files and workspaces stay there for the next run.
"""

import argparse
import multiprocessing
import sys
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.bench import Bench
from tests.bench.figures import machine, read
from tests.bench.parts import PARTS, measure
from tests.bench.results import RESULTS, render

SMALL = 10_000  # traces, against which the cost of a row among many is told
SCALED = ("import", "recipe", "near", "export")


def run(parts: list[str], size: int, folder: Path) -> int:
    """Every part in a process of its own, those that are told apart by size also at the small one."""
    missed = 0
    for part in parts:
        small = [Bench(SMALL, folder, alone=True)] if part in SCALED and size > SMALL else []
        for bench in [*small, Bench(size, folder)]:
            process = multiprocessing.get_context("spawn").Process(target=measure, args=(part, bench))
            process.start()
            process.join()
            missed += process.exitcode != 0
    RESULTS.write_text(render(read()), encoding="utf-8")
    return int(missed > 0)


def main() -> int:
    """Parse, measure, render."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", type=int, default=100_000, help="traces (default: 100,000)")
    parser.add_argument("parts", nargs="*", metavar="PARTS", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--folder", type=Path, help="where files are made; default: a temporary folder")
    given = parser.parse_args()
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {unknown[0]}; parts: {', '.join(PARTS)}")
    sys.stdout.write(f"{given.size:,} traces on {machine()}\n")
    with TemporaryDirectory(prefix="winnow-bench-") if given.folder is None else nullcontext(given.folder) as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        return run(given.parts or list(PARTS), given.size, Path(folder).resolve())


if __name__ == "__main__":
    sys.exit(main())
