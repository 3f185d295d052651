"""How fast the funnel follows a slider: python -m tests.bench.funnel [--rows N].

Fills a temporary workspace with measured traces, opens a preview and moves the threshold of each selector of a recipe
through ten places; beside it, DuckDB's own time for a filtered count over the same scores.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from curation.application.preview import Preview
from curation.console import follow
from curation.operator import OPERATORS, Annotator, Operator
from curation.query.filters import Filter
from curation.table import to_table, write_part
from curation.trace import Problem, Trace
from curation.workspace import Workspace
from tests.bench.apply_memory import SENTENCES

QUERY_LIMIT = 150  # ms
PART = 10_000
PLACES = 10
MEASURED = ("count_tokens", "verify_answer", "repetition", "difficulty")
STEPS = [
    *({"op": name} for name in MEASURED),
    {"op": "keep_where", "score": "closed", "equals": True},
    {"op": "keep_where", "score": "correct", "equals": True},
    {"op": "keep_where", "score": "n_tokens", "minimum": 10, "maximum": 400},
    {"op": "keep_where", "score": "difficulty", "minimum": 0.1},
    {"op": "drop_duplicates"},
    {"op": "keep_where", "score": "n_chars", "maximum": 900},
]
MOVED: dict[int, Callable[[int], dict[str, float]]] = {
    7: lambda place: {"minimum": 20 + 10 * place},
    8: lambda place: {"minimum": 0.1 + 0.05 * place},
    10: lambda place: {"maximum": 300 + 50 * place},
}


def traces(rows: int) -> Iterator[Trace]:
    """Solutions of a few hundred characters by four teachers, right three times in four."""
    random_ = random.Random(0)
    for row in range(rows):
        problem = Problem(f"What is {row // 8} + 1?", str(row // 8 + 1), "bench", subject=f"subject {row // 8 % 5}")
        text = " ".join(random_.choices(SENTENCES, k=random_.randrange(2, 20)))
        answer = row // 8 + (1 if random_.random() < 0.75 else 2)
        yield Trace(problem, text, f"#### {answer}", f"teacher {row % 4}", sample=row, closed=random_.random() < 0.95)


def fill(work: Workspace, rows: int) -> None:
    """Put measured traces into the store."""
    folder, batch, number = work.root / "made", list[Trace](), 0
    for trace in traces(rows):
        batch.append(trace)
        if len(batch) == PART:
            write_part(to_table(batch), folder / f"part-{number:05d}.parquet")
            batch, number = [], number + 1
    write_part(to_table(batch), folder / f"part-{number:05d}.parquet")
    (folder / "report.json").write_text('{"files": []}')
    work.store.take_import("made", folder)
    run = work.annotate_run(
        [step for step in map(OPERATORS.parse, STEPS[:4]) if isinstance(step, Annotator)], Filter()
    )
    if run:
        follow(run)
        work.take_in()


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def moved(step: int, place: int) -> list[Operator]:
    """The recipe with the threshold of one step at another place."""
    steps = [{**values, **MOVED[step](place)} if n == step else values for n, values in enumerate(STEPS, 1)]
    return [OPERATORS.parse(values) for values in steps]


def move(preview: Preview, step: int) -> list[float]:
    """Milliseconds of each of the places a slider stops at."""
    return [milliseconds(lambda place=place: preview.apply(moved(step, place)).close()) for place in range(PLACES)]


def main(rows: int) -> int:
    """Print a line a slider; 1 when the median of one is over the limit."""
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder:
        work = Workspace(Path(folder))
        fill(work, rows)
        preview = work.open_preview(Filter())
        first = milliseconds(lambda: preview.apply(moved(10, 0)).close())
        peer = Filter(ranges={"n_tokens": (20, 300), "difficulty": (0.2, None)}, flags={"correct": True})
        counted = statistics.median(milliseconds(lambda: work.store.count(peer)) for _ in range(PLACES))
        machine = f"{psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        sys.stdout.write(f"{rows:,} traces, {len(STEPS)} steps, {machine}; first application {first:.0f} ms\n")
        slow = 0
        for step in MOVED:
            times = move(preview, step)
            median = statistics.median(times)
            slow += median > QUERY_LIMIT
            sys.stdout.write(
                f"slider of step {step}: median {median:.0f} ms, most {max(times):.0f} ms (asked {QUERY_LIMIT}); "
                f"{median / counted:.1f} x one filtered count ({counted:.0f} ms)\n"
            )
        preview.close()
        work.store.close()
    return int(slow > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    sys.exit(main(parser.parse_args().rows))
