"""A recipe of three filters and a pruning mapper, from JSON lines to Parquet, by Winnow and by its peers.

Each reads the same files with as many processes, from its own start to its end. Length and repetition are native
filters of all three; looking back too often is counted by Winnow's segments and by the peers' own means, and what
Winnow prunes as segments the peers replace as paragraphs with one regular expression.
"""

import os
import shutil
import sys
from collections.abc import Iterator

from curation.curated import CuratedSet
from tests.bench.bench import WORKERS, Bench
from tests.bench.clock import Spent, command
from tests.bench.figures import Figure
from tests.bench.peer import run_peer

MEMORY = "figure <= 1.5"  # GiB
MOST = 100_000  # traces the peers are given
FASTER = "ratio >= 5"
PEERS = ("data_juicer", "datatrove")
RECIPE = """
name: bench
steps:
- {op: count_tokens}
- {op: keep_where, score: n_tokens, minimum: 100, maximum: 4000}
- {op: repetition}
- {op: keep_where, score: repetition, maximum: 0.6}
- {op: segment}
- {op: keep_where, score: n_checks, maximum: 10}
- {op: drop_segments, kinds: [check, alternative, filler]}
"""


def figures(bench: Bench) -> Iterator[Figure]:
    """Winnow alone, with its memory; then the peers on as many traces as they are given."""
    spent = apply(bench, bench.rows)
    yield Figure("recipe", bench.rows / spent.seconds, "traces/s", bench.rows)
    yield Figure("memory of a recipe", spent.gib, "GiB", bench.rows, asked=MEMORY if bench.rows <= MOST else "")
    rows = min(bench.rows, MOST)
    ours = rows / (spent.seconds if rows == bench.rows else apply(bench, rows).seconds)
    for peer in PEERS:
        theirs = rows / run_peer(f"recipe_{peer}", bench, rows)
        yield Figure(f"recipe against {peer}", ours, "traces/s", rows, peer, theirs, FASTER)


def apply(bench: Bench, rows: int) -> Spent:
    """The command a user types, from files to a set."""
    root, files = bench.folder / f"recipe-{rows}", bench.files("jsonl", rows)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    (root / "recipe.yaml").write_text(RECIPE)
    words = [sys.executable, "-m", "curation", "apply", root / "recipe.yaml", *files, "--out", "kept"]
    return command([*words, "--workspace", root], {**os.environ, "WINNOW_WORKERS": str(WORKERS)})


def kept(bench: Bench) -> CuratedSet:
    """The set the recipe left, made where it is not there."""
    folder = bench.folder / f"recipe-{bench.rows}" / "sets" / "kept"
    if not folder.exists():
        apply(bench, bench.rows)
    return CuratedSet(folder)
