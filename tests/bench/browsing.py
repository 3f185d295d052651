"""How fast what pages ask of the store is answered: counts, charts, lists, one trace, searches.

Beside each stands the shortest SQL that gives the same, on the same file.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import psutil

from curation.operator import column
from curation.query.filters import Filter
from curation.store import Store
from tests.bench.bench import Bench
from tests.bench.clock import median_ms
from tests.bench.figures import Figure

Ask = Callable[[int], object]
QUERY, OPEN, MEMORY = "figure <= 100", "figure <= 30", "figure <= 3"  # ms, ms, GiB
SEARCHES = 3  # times; each reads every text
CHARTS = (
    "n_chars", "n_tokens", "n_reasoning_tokens", "n_segments", "n_checks", "n_backtracks", "n_alternatives",
    "attempt_share", "repetition", "loop_share", "n_loops", "difficulty",
)  # fmt: skip


class Question(NamedTuple):
    """What a page asks, the same as plain SQL, and how fast it should be; each is asked with 0, 1, 2 ..."""

    name: str
    ask: Ask
    plain: str
    asked: str = ""


def brushed(place: int) -> Filter:
    """A range drawn on a chart."""
    return Filter(ranges={"n_chars": (1000 + 100 * place, 9000)})


def filtered(place: int) -> Filter:
    """Three conditions."""
    ranges = {"n_tokens": (20.0, 2000.0 + 10 * place), "difficulty": (0.2, None)}
    return Filter(ranges=ranges, flags={"correct": True})


def questions(store: Store) -> list[Question]:
    """What pages ask, in the order of a visit."""
    ids = store.ids(Filter(), limit=1000)
    where = "n_chars BETWEEN 1000 + 100 * {place} AND 9000"
    three = "n_tokens BETWEEN 20 AND 2000 + 10 * {place} AND difficulty >= 0.2 AND correct"
    bins = "SELECT floor({name} / 100), count(*) FROM scores WHERE " + where + " GROUP BY 1"
    charts = " UNION ALL ".join(bins.replace("{name}", name) for name in CHARTS)
    counted = "SELECT count(*), sum(n_chars) FROM scores WHERE "
    return [
        Question("filter: count of three conditions", lambda n: store.count(filtered(n)), counted + three, QUERY),
        Question("brush: count", lambda n: store.count(brushed(n)), counted + where, QUERY),
        Question(
            "brush: histogram of 50 bins", lambda n: store.histogram("n_tokens", brushed(n)),
            bins.replace("{name}", "n_tokens"), QUERY,
        ),
        Question(
            "brush: 12 histograms", lambda n: [store.histogram(name, brushed(n)) for name in CHARTS], charts
        ),
        Question(
            "page of 50, sorted", lambda n: store.page(filtered(n), "n_tokens", descending=True),
            f"SELECT * FROM scores WHERE {three} ORDER BY n_tokens DESC LIMIT 50", QUERY,
        ),
        Question(
            "page of 50 after 5,000", lambda n: store.page(brushed(n), offset=5000),
            f"SELECT * FROM scores WHERE {where} LIMIT 50 OFFSET 5000", QUERY,
        ),
        Question(
            "open a trace", lambda n: (store.trace(ids[n]), store.scores(ids[n])),
            "SELECT * FROM texts WHERE id = (SELECT id FROM traces LIMIT 1 OFFSET {place})", OPEN,
        ),
    ]  # fmt: skip


def searches(store: Store) -> list[Question]:
    """Searches nobody made before."""
    vectors = column(f"ann_{store.embedding().key()}")
    return [
        Question(
            "search by text", lambda n: store.count(Filter(text=f"Leo buys {1234 + n} ")),
            "SELECT count(*) FROM texts WHERE contains(reasoning, 'Leo buys {place}99 ')",
        ),
        Question(
            "search by regular expression", lambda n: store.count(Filter(regex=rf"Mia (buys|sells) {1234 + n}\b")),
            r"SELECT count(*) FROM texts WHERE regexp_matches(reasoning, 'Mia (buys|sells) {place}99\b')",
        ),
        Question(
            "search by meaning", lambda n: store.count(Filter(meaning=f"golden tiles of the baker on {n + 3} days")),
            f"SELECT id FROM {vectors} ORDER BY list_inner_product(vector, "
            f"(SELECT vector FROM {vectors} LIMIT 1 OFFSET {{place}})) DESC LIMIT 200",
        ),
    ]  # fmt: skip


def figures(bench: Bench) -> Iterator[Figure]:
    """Every question, and the memory of the process that asked them all."""
    store = bench.measured().store
    for times, asked in ((7, questions(store)), (SEARCHES, searches(store))):
        for one in asked:
            plain = lambda n, one=one: store.cursor().execute(one.plain.replace("{place}", str(n))).fetchall()  # noqa: E731
            beside = median_ms(plain, times)
            yield Figure(one.name, median_ms(one.ask, times), "ms", bench.rows, "plain SQL", beside, one.asked)
    held = psutil.Process().memory_info().rss / 2**30
    yield Figure("memory of a process that has browsed", held, "GiB", bench.rows, asked=MEMORY)
