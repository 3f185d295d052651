"""Running a peer: a small script in the peers' own environment, on the same files."""

import os
import shutil

from tests.bench.bench import WORKERS, Bench
from tests.bench.clock import command
from tests.bench.figures import PROJECT

PYTHON = PROJECT / ".venv-bench" / "bin" / "python"
SCRIPTS = PROJECT / "tests" / "bench" / "peers"


def run_peer(script: str, bench: Bench, rows: int) -> float:
    """Seconds a peer takes from its start to its end."""
    if not PYTHON.exists():
        raise SystemExit("The peers are not installed; `make bench` does that, or `make .venv-bench/.done` alone.")
    out = bench.folder / "peer"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    files = bench.files("jsonl", rows)
    words = [PYTHON, SCRIPTS / f"{script}.py", files[0].parent, out, str(WORKERS)]
    spent = command(words, {**os.environ, "HF_HUB_OFFLINE": "1", "HOME": str(out), "HF_HOME": str(out / "hub")})
    shutil.rmtree(out)
    return spent.seconds
