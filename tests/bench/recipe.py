"""A recipe of three filters and a pruning mapper, from JSON lines to Parquet, by Winnow and by its peers.

Each reads the same files with as many processes, from its own start to its end. Repetition is a native filter of all
three; looking back too often is counted by Winnow's segments and by the peers' own means, and what Winnow prunes as
segments the peers replace as paragraphs with one regular expression. Since datatrove's filter splits words by spaCy,
`datatrove_plain` is the same with a function of three lines in its place. When a threshold is moved Winnow keeps what
it measured, which no peer does.
"""

import os
import shutil
import sys
from collections.abc import Iterator

from curation import engine
from curation.application.executors import Local
from curation.application.sources import Parts
from curation.curated import CuratedSet, Origin, write_set
from curation.recipe import Recipe
from curation.table import parts
from tests.bench.bench import WORKERS, Bench
from tests.bench.clock import Spent, command, seconds
from tests.bench.figures import Figure
from tests.bench.peer import run_peer

MEMORY = "figure <= 1.5"  # GiB
MOST = 100_000  # traces the peers are given
FASTER = "ratio >= 5"
PEERS = {"data_juicer": FASTER, "datatrove": FASTER, "datatrove_plain": ""}
MOVED = ("maximum: 4000", "maximum: 3500")
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
    moved = rows / seconds(lambda: again(bench, rows))
    for peer, asked in PEERS.items():
        theirs = rows / run_peer(f"recipe_{peer}", bench, rows)
        yield Figure(f"recipe against {peer}", ours, "traces/s", rows, peer, theirs, asked)
        yield Figure(f"recipe with a threshold moved, against {peer}", moved, "traces/s", rows, peer, theirs)


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


def again(bench: Bench, rows: int) -> None:
    """The same recipe with another threshold, where the first run left what it had measured."""
    root = bench.folder / f"recipe-{rows}"
    run = next((root / "runs").iterdir())
    recipe = Recipe.read(RECIPE.replace(*MOVED))
    origin = Origin(name="again", recipe=recipe.name, recipe_yaml=recipe.dump(), source={}, rebuild="")
    shutil.rmtree(root / "sets" / "again", ignore_errors=True)
    with engine.apply(recipe.steps, Parts(parts(run / "in")), run / "out", Local(WORKERS)) as result:
        write_set(root / "sets" / "again", result, origin)
