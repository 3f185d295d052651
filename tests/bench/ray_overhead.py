"""What a Ray cluster costs against worker processes: python -m tests.bench.ray_overhead [--rows N].

The same traces, the same recipe, the same cores: once in worker processes of this machine, once on a Ray cluster that
is this machine. Memory is the proportional set size of the command and, with Ray, of every process of its node. How
fast traces are handed out bounds how many cores a cluster keeps busy: a batch function that does nothing measures it.
"""

import argparse
import os
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psutil

from curation.application.batches import Batch, Made
from curation.application.cluster import Ray
from curation.application.executors import Executor, Local
from curation.application.sources import Parts
from curation.table import parts, to_table, write_part
from tests.bench.clock import pss
from tests.bench.figures import PROJECT
from tests.bench.recipe import RECIPE
from tests.bench.traces import traces
from tests.nodes import Nodes

CORES = 2
PART = 2000  # traces


class Peak(NamedTuple):
    """The highest memory seen, in GiB, the processes at that moment, and the seconds it all took."""

    memory: float
    processes: int
    seconds: float


def write_traces(folder: Path, rows: int) -> None:
    """Traces as parts."""
    waiting, number = traces(rows), 0
    while some := list(islice(waiting, PART)):
        write_part(to_table(some), folder / f"part-{number:05d}.parquet")
        number += 1


def watch(command: list[str], beside: list[psutil.Process]) -> Peak:
    """Run a command to its end; its memory is that of everything it starts and of the processes beside it."""
    began, peak, most = time.monotonic(), 0.0, 0
    environment = {**os.environ, "WINNOW_WORKERS": str(CORES)}
    root = psutil.Popen(command, cwd=PROJECT, env=environment, stdout=sys.stderr)
    while root.poll() is None:
        family = [process for one in (root, *beside) for process in (one, *one.children(recursive=True))]
        memory = sum(map(pss, family)) / 2**30
        peak, most = max((peak, most), (memory, len(family)))
        time.sleep(0.5)
    if root.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {root.returncode}")
    return Peak(peak, most, time.monotonic() - began)


def handed_out(executor: Executor, source: Parts, ids: set[str]) -> float:
    """Traces a second through a batch function that does nothing, after one that starts the workers."""
    list(executor.map(count, [Made([])] * 2 * CORES))
    began = time.monotonic()
    assert sum(executor.map(count, source.batches(ids))) == len(ids)
    return len(ids) / (time.monotonic() - began)


def count(batch: Batch) -> int:
    """How many traces a batch holds, made where they are counted."""
    return len(batch.traces())


def say(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    say(f"{rows} traces, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    with tempfile.TemporaryDirectory(prefix="wn-", dir="/tmp") as name, Nodes(Path(name) / "ray") as nodes:
        folder = Path(name)
        write_traces(folder / "traces", rows)
        (folder / "recipe.yaml").write_text(RECIPE)
        command = [sys.executable, "-m", "curation", "apply", str(folder / "recipe.yaml"), str(folder / "traces")]
        command += ["--workspace", str(folder / "workspace"), "--out"]
        local = watch([*command, "local"], [])
        nodes.start(CORES)
        idle = sum(pss(process) for process in [nodes.started[0], *nodes.started[0].children(recursive=True)]) / 2**30
        ray = watch([*command, "ray", "--executor", "ray", "--address", nodes.address], [nodes.started[0]])
        for words, peak in (("worker processes", local), ("Ray", ray)):
            say(f"{words}: {peak.seconds:.1f} s, {peak.memory:.2f} GiB in {peak.processes} processes")
        say(f"Ray against worker processes: {ray.seconds / local.seconds:.2f} x the time, "
            f"{ray.memory / local.memory:.2f} x the memory; its idle node takes {idle:.2f} GiB")  # fmt: skip
        source = Parts(parts(folder / "traces"))
        ids = set(source.rows().column("id").to_pylist())
        for words, executor in (("one process", Local()), ("workers", Local(CORES)), ("Ray", Ray(nodes.address))):
            say(f"handed out to {words}: {handed_out(executor, source, ids):.0f} traces a second")
    return 0


if __name__ == "__main__":
    sys.exit(main())
