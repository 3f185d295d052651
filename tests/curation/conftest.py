"""A small world of traces, workspaces and runs, written out in full."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from curation.runs import Run
from curation.store import Store
from curation.table import to_table, write_part
from curation.trace import Problem, Trace
from curation.workspace import Workspace


@pytest.fixture
def traces() -> list[Trace]:
    """Six traces of three problems: lengths 4 to 24, one text twice, one answer wrong."""
    sums, product, open_question = Problem("1 + 1?", "2", "sums"), Problem("2 * 3?", "6", "sums"), Problem("Why?")
    return [
        Trace(sums, "one and one", "2", "ada"),
        Trace(sums, "Wait, no.\n\nIt is 3.", "3", "bob"),
        Trace(product, "two three times", "6", "ada"),
        Trace(product, "six", "6", "bob"),
        Trace(product, "six", "6", "cyd"),
        Trace(open_question, "nobody knows", "", "ada"),
    ]


@pytest.fixture
def write_traces() -> Callable[[Path, list[Trace]], list[Path]]:
    """Writes traces as parts of two rows each and returns their paths."""

    def write(folder: Path, traces: list[Trace]) -> list[Path]:
        paths = [folder / f"part-{number:05d}.parquet" for number in range((len(traces) + 1) // 2)]
        for number, path in enumerate(paths):
            write_part(to_table(traces[2 * number : 2 * number + 2]), path)
        return paths

    return write


@pytest.fixture
def store_of(tmp_path: Path) -> Iterator[Callable[[list[Trace]], Store]]:
    """Makes a store of these traces."""
    with ExitStack() as stack:

        def make(traces: list[Trace]) -> Store:
            made = stack.enter_context(closing(Store(tmp_path / "winnow.duckdb")))
            write_part(to_table(traces), tmp_path / "out" / "part-00000.parquet")
            (tmp_path / "out" / "report.json").write_text('{"files": []}')
            made.take_import("run", tmp_path / "out")
            return made

        yield make


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace."""
    made = Workspace(tmp_path / "workspace")
    yield made
    made.store.close()


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as a JSONL file and returns its path."""

    def write(name: str, *rows: dict[str, object]) -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def wait_for() -> Callable[[Run, str], None]:
    """Waits until a run's worker process is gone, then expects the state."""
    import psutil

    def wait(run: Run, state: str) -> None:
        pid = (json.loads((run.folder / "launch.json").read_text()))["pid"]
        if psutil.pid_exists(pid):
            psutil.wait_procs([psutil.Process(pid)], timeout=60)
        assert run.status().state == state, f"{run.status()}\n{run.log_tail()}"

    return wait


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
