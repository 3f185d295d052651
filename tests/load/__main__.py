"""Several researchers at once on one server: python -m tests.load [--sessions 8] [--minutes 10] [--seed 0].

Starts the app on a fresh workspace with the samples and drives each session, in a browser context of its own, through
a seeded mix of acts: read, label by key, brush, move a slider, turn pages, search, import, start a run. Tells how long
the acts took, what went wrong, how much memory the server took, and whether every label pressed was kept; fails on an
error, a lost label, or a 95th percentile of the reruns above two seconds.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from curation.workspace import Workspace
from tests.e2e.conftest import Server
from tests.load import outcome
from tests.load.drive import Load, drive

LIMIT = 2000  # ms, the 95th percentile of the reruns


def told(load: Load, kept: outcome.Labels, wrong: list[str], seconds: float) -> int:
    """Write the table; 1 when something was missed."""
    cores, gib = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    times = [one for session in load.sessions for one in session.times]
    reached = outcome.p95(outcome.reruns(times))
    sys.stdout.write(
        f"{len(load.sessions)} sessions for {seconds / 60:.1f} minutes, {cores} cores shared with the browser, "
        f"{gib:.0f} GiB, load {os.getloadavg()[1]:.1f}\n" + "\n".join(outcome.lines(times)) + "\n"
        f"reruns: p95 {reached:.0f} ms (asked {LIMIT})\nlabels: {kept.pressed} pressed, {len(kept.lost)} lost\n"
        f"imports: {sum(len(s.imported) for s in load.sessions)}, sets frozen: "
        f"{sum(len(s.frozen) for s in load.sessions)}\nserver memory: at most {load.memory / 2**30:.2f} GiB\n"
        f"processor time of an act: {1000 * load.server / len(times):.0f} ms in the server, "
        f"{1000 * load.browser / len(times):.0f} ms in the browser\n"
        f"errors: {len(wrong)}\n"
    )
    for text in [*wrong, *(f"lost: {trace} {value}" for trace, value in kept.lost)]:
        sys.stdout.write(f"  {text}\n")
    return int(bool(wrong or kept.lost) or reached > LIMIT)


def main(sessions: int, minutes: float, seed: int) -> int:
    """Drive, then look at what is left."""
    with tempfile.TemporaryDirectory(prefix="winnow-load-") as folder:
        log = Path(folder) / "server.log"
        server = Server(Path(folder) / "workspace", log)
        server.start()
        began = time.monotonic()
        try:
            load = asyncio.run(drive(server, sessions, 60 * minutes, seed, Path(folder)))
        finally:
            server.stop()
        seconds = time.monotonic() - began
        work = Workspace(server.workspace)
        wrong = [*load.errors(), *outcome.logged(log), *outcome.broken(work, load.sessions)]
        kept = outcome.labels(work, load.sessions)
        work.store.close()
        return told(load, kept, wrong, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sys.exit(main(asked.sessions, asked.minutes, asked.seed))
