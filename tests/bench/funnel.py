"""How fast the funnel follows a slider, beside DuckDB's own time for one filtered count of the same scores."""

import time
from collections.abc import Callable, Iterator

from curation.application.preview import Preview
from curation.operator import OPERATORS, Operator
from curation.query.filters import Filter
from tests.bench.bench import Bench
from tests.bench.clock import median_ms
from tests.bench.figures import Figure

SLIDER = "figure <= 100"  # ms
PLACES = 10
STEPS = [
    *({"op": name} for name in ("count_tokens", "segment", "verify_answer", "repetition", "difficulty")),
    {"op": "keep_where", "score": "correct", "equals": True},
    {"op": "keep_where", "score": "n_tokens", "minimum": 100, "maximum": 4000},
    {"op": "keep_where", "score": "difficulty", "minimum": 0.1},
    {"op": "drop_duplicates"},
    {"op": "keep_where", "score": "n_chars", "maximum": 12_000},
]
MOVED: dict[int, Callable[[int], dict[str, float]]] = {
    7: lambda place: {"minimum": 200 + 100 * place},
    8: lambda place: {"minimum": 0.1 + 0.05 * place},
    10: lambda place: {"maximum": 3000 + 500 * place},
}
COUNT = "SELECT count(*) FROM scores WHERE n_tokens BETWEEN 20 + {place} AND 3000 AND difficulty >= 0.2 AND correct"


def moved(step: int, place: int) -> list[Operator]:
    """The recipe with the threshold of one step at another place."""
    steps = [{**values, **MOVED[step](place)} if n == step else values for n, values in enumerate(STEPS, 1)]
    return [OPERATORS.parse(values) for values in steps]


def figures(bench: Bench) -> Iterator[Figure]:
    """The first application of a recipe, then each of its sliders at the places where it stops."""
    store = bench.measured().store
    counted = median_ms(lambda place: store.cursor().execute(COUNT.replace("{place}", str(place))).fetchall())
    began = time.perf_counter()
    preview = Preview(store, Filter())
    yield Figure("funnel: open a recipe", 1000 * (time.perf_counter() - began), "ms", bench.rows)
    apply = lambda step, place: preview.apply(moved(step, place)).close()  # noqa: E731
    yield Figure("funnel: apply it first", median_ms(lambda place: apply(10, place), 1), "ms", bench.rows)
    for step in MOVED:
        median = median_ms(lambda place, step=step: apply(step, place + 1), PLACES)
        yield Figure(f"funnel: slider of step {step}", median, "ms", bench.rows, "one filtered count", counted, SLIDER)
    preview.close()
