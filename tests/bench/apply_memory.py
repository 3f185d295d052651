"""Memory and time of `curation apply` on many traces: python tests/bench/apply_memory.py [--rows N] [--store].

Writes synthetic traces of about 5 KB to a temporary folder, runs the command as a user would, and samples the memory
of the command and its workers (proportional set size, so shared pages count once) ten times a second.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from curation.table import to_table, write_part
from curation.trace import Problem, Trace

LIMIT = 1.5  # GiB
PROJECT = Path(__file__).resolve().parents[2]
CHARS = 5000
PART = 2000
RECIPE = """
name: bench
steps:
- {op: segment, splitter: sentence}
- {op: count_tokens}
- {op: keep_where, score: n_tokens, minimum: 200}
- {op: keep_where, score: n_checks, maximum: 40}
- {op: drop_duplicates}
"""
SENTENCES = (
    "First I add {a} and {b}, which makes {c}.",
    "Wait, let me check that again.",
    "So {a} times {b} is {c}, and the remainder goes to the next row.",
    "Alternatively, we could count the boxes one by one.",
    "Hmm, no, that is wrong: {a} - {b} = {c}.",
    "The problem says that every child gets {a} of them.",
    "Therefore the total is {c}.",
)


class Peak(NamedTuple):
    """The highest memory seen, in GiB, the processes at that moment, and the seconds it all took."""

    memory: float
    processes: int
    seconds: float


def reasoning(random_: random.Random) -> str:
    """About CHARS characters of prose with numbers, in paragraphs."""
    parts, length = [], 0
    while length < CHARS:
        a, b = random_.randrange(1000), random_.randrange(1000)
        parts.append(random_.choice(SENTENCES).format(a=a, b=b, c=a + b) + random_.choice((" ", " ", "\n\n")))
        length += len(parts[-1])
    return "".join(parts)


def write_traces(folder: Path, rows: int) -> None:
    """Synthetic traces as Parquet; one row in fifty says what the row before it said."""
    random_ = random.Random(0)
    for start in range(0, rows, PART):
        traces: list[Trace] = []
        for row in range(start, min(start + PART, rows)):
            text = traces[-1].reasoning if traces and row % 50 == 0 else reasoning(random_)
            problem = Problem(f"Problem {row // 4 if row % 50 else (row - 1) // 4}?", str(row), "bench")
            traces.append(Trace(problem, text, "The answer is 7.", sample=row % 4))
        write_part(to_table(traces), folder / f"part-{start // PART:05d}.parquet")


def watch(command: list[str]) -> Peak:
    """Run a command to its end and sample the memory of it and of everything it starts."""
    began, peak, most = time.monotonic(), 0.0, 0
    root = psutil.Popen(command, cwd=PROJECT)
    while root.poll() is None:
        family = [root, *root.children(recursive=True)]
        memory = sum(map(pss, family)) / 2**30
        if memory > peak:
            peak, most = memory, len(family)
        time.sleep(0.1)
    if root.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {root.returncode}")
    return Peak(peak, most, time.monotonic() - began)


def pss(process: psutil.Process) -> int:
    """Proportional set size, 0 for a process that is gone."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def say(name: str, peak: Peak) -> None:
    """One line of the result."""
    sys.stdout.write(f"{name}: {peak.memory:.2f} GiB in {peak.processes} processes, {peak.seconds:.0f} s\n")
    sys.stdout.flush()


def main() -> int:
    """Exit code 1 when a peak is above LIMIT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--store", action="store_true", help="Import into a workspace first and apply from there")
    given = parser.parse_args()
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"
    sys.stdout.write(f"{given.rows} traces of {CHARS} characters on {machine}\n")
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as name:
        folder = Path(name)
        write_traces(folder / "traces", given.rows)
        (folder / "recipe.yaml").write_text(RECIPE)
        start = [sys.executable, "-m", "curation"]
        end = ["--workspace", str(folder / "workspace")]
        sources = [] if given.store else [str(folder / "traces")]
        if given.store:
            say("import", watch([*start, "import", str(folder / "traces"), *end]))
        peak = watch([*start, "apply", str(folder / "recipe.yaml"), *sources, "--out", "kept", *end])
        say("apply", peak)
        manifest = json.loads((folder / "workspace/sets/kept/manifest.json").read_text())
        for step in manifest["steps"]:
            sys.stdout.write(f"  {step['op']}: {step['rows_in']} -> {step['rows']} rows, {step['seconds']} s\n")
    return int(peak.memory > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
