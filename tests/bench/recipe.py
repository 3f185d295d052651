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

MEMORY = "figure <= 1.5"  # GiB, up to 100,000 traces
OWN, MOST = 200_000, 20_000  # traces at most: Winnow alone, and beside the peers
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
    """Winnow alone, with its memory; then beside each peer, on as many traces as they are given."""
    rows = min(bench.rows, OWN)
    spent = apply(bench, rows)
    yield Figure("recipe", rows / spent.seconds, "traces/s", rows)
    yield Figure("memory of a recipe", spent.gib, "GiB", rows, asked=MEMORY if rows <= 100_000 else "")
    if not bench.alone:
        yield from beside_peers(bench, min(bench.rows, MOST))


def beside_peers(bench: Bench, rows: int) -> Iterator[Figure]:
    """Winnow's pace at first, and with a threshold moved, beside each peer's."""
    ours, moved = rows / apply(bench, rows).seconds, rows / seconds(lambda: again(bench, rows))
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
    rows = min(bench.rows, OWN)
    folder = bench.folder / f"recipe-{rows}" / "sets" / "kept"
    if not folder.exists():
        apply(bench, rows)
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
