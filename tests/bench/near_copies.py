"""What find_duplicates makes of near copies among traces that share phrases, how fast, and how fast its peers are."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import pyarrow as pa

from curation.application.batches import annotate_batch, sketch_batch
from curation.operators.embed import Embed
from curation.operators.find_duplicates import FindDuplicates
from curation.trace import Trace
from tests.bench.bench import Bench
from tests.bench.clock import Peak, seconds
from tests.bench.figures import Figure
from tests.bench.peer import run_peer
from tests.bench.traces import planted

PACE = "figure >= 1500"  # traces/s
BATCH = 1000
MOST = 20_000  # traces the peers are given
PEERS = ("datasketch", "datatrove", "data_juicer")


class World(NamedTuple):
    """Traces in order, and of each planted copy the original's id."""

    traces: list[Trace]
    copies: dict[str, str]


class Found(NamedTuple):
    """Of each near-duplicate the earlier trace it was found to repeat, and the seconds that took."""

    pairs: dict[str, str]
    seconds: float


def world(rows: int) -> World:
    """The first traces, with the copies among them."""
    made = list(planted(rows))
    return World([trace for trace, _ in made], {trace.id: first for trace, first in made if first is not None})


def rows_of(step: FindDuplicates, traces: Sequence[Trace]) -> pa.Table:
    """The rows that the engine hands over for comparison."""
    sketches = sketch_batch(step, list(traces)).select(["id", "sketch"])
    return sketches.append_column("problem_id", pa.array([trace.problem.id for trace in traces]))


def found(step: FindDuplicates, traces: Iterable[Trace]) -> Found:
    """Sketch batch by batch, so that texts need not be held, then compare; making the traces is not timed."""
    waiting, tables, spent = iter(traces), list[pa.Table](), 0.0
    while batch := list(islice(waiting, BATCH)):
        began = time.perf_counter()
        tables.append(rows_of(step, batch))
        spent += time.perf_counter() - began
    began = time.perf_counter()
    table = step.conclude(pa.concat_tables(tables))
    pairs = zip(table["id"].to_pylist(), table["dup_of"].to_pylist(), strict=True)
    repeats = {late: early for late, early in pairs if early is not None}
    return Found(repeats, spent + time.perf_counter() - began)


def figures(bench: Bench) -> Iterator[Figure]:
    """Winnow's pace, what it finds, its memory; then each peer on as many traces as it is given."""
    copies: dict[str, str] = {}

    def noted() -> Iterator[Trace]:
        for trace, first in planted(bench.rows):
            copies.update({trace.id: first} if first else {})
            yield trace

    with Peak() as peak:
        pairs, spent = found(FindDuplicates(), noted())
    pace = bench.rows / spent
    yield Figure("near copies", pace, "traces/s", bench.rows, asked=PACE)
    right = sum(pairs.get(copy) == original for copy, original in copies.items())
    yield Figure("near copies: of the planted, found", right / len(copies), "", bench.rows)
    yield Figure("near copies: found wrongly", len(pairs) - right, "", bench.rows, asked="figure <= 0")
    yield Figure("memory of near copies", peak.gib, "GiB", bench.rows)
    if not bench.alone:
        yield from beside_peers(bench, min(bench.rows, MOST))


def beside_peers(bench: Bench, rows: int) -> Iterator[Figure]:
    """By shared words beside each peer that does that, by meaning beside semhash."""
    some = [trace for trace, _ in planted(rows)]
    ours = rows / found(FindDuplicates(), some).seconds
    for peer in PEERS:
        theirs = rows / run_peer(f"copies_{peer}", bench, rows)
        yield Figure(f"near copies against {peer}", ours, "traces/s", rows, peer, theirs)
    meant, theirs = rows / seconds(lambda: by_meaning(some)), rows / run_peer("copies_semhash", bench, rows)
    yield Figure("near copies by meaning against semhash", meant, "traces/s", rows, "semhash", theirs)


def by_meaning(some: list[Trace]) -> None:
    """The vectors of whole texts, and which of them point the same way."""
    embed, ids = Embed(what="reasoning"), [trace.id for trace in some]
    vectors = [annotate_batch(embed, some[low : low + BATCH])["vector"] for low in range(0, len(some), BATCH)]
    columns = [ids, [trace.problem.id for trace in some], pa.chunked_array([one.combine_chunks() for one in vectors])]
    FindDuplicates(method="embedding", threshold=0.99).conclude(
        pa.table(columns, names=["id", "problem_id", "vector"])
    )
