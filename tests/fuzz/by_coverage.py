"""`python -m tests.fuzz.by_coverage TARGET RUNS`: bytes that atheris finds by the lines of Winnow they reach.

It runs in an environment of its own (`make fuzz`), since atheris changes the code it watches; the checks are those of
`targets`. A target that fails leaves the bytes in a file whose name it says.
"""

import gzip
import sys
import time
from collections.abc import Callable
from typing import Any

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["curation"]):
    from curation.query.sql_examples import EXAMPLES
    from curation.recipe import SHIPPED
    from curation.runs import PROJECT
    from tests.fuzz import targets

TAILS = ("jsonl", "json", "csv", "parquet")
Read = Callable[[bytes], Any]


def file_of(data: bytes) -> tuple[bytes, str]:
    """A file whose first byte chooses what it is called."""
    return data[1:], TAILS[data[0] % len(TAILS)] if data else "json"


def text_of(data: bytes) -> str:
    """A text, broken where the bytes are."""
    return data.decode("utf-8", "replace")


def pair_of(data: bytes) -> tuple[str, str]:
    """Two texts divided by a zero."""
    left, _, right = text_of(data).partition("\0")
    return left, right


READ: dict[str, tuple[Read, Callable[[Any], None]]] = {
    "importer": (file_of, targets.check_importer),
    "recipe loader": (text_of, targets.check_recipe),
    "segmenter": (lambda data: (*pair_of(data), len(data) % 100), targets.check_segmenter),
    "answer comparison": (pair_of, targets.check_answers),
    "SQL gate": (text_of, targets.check_gate),
    "filter in the address": (text_of, targets.check_filter),
    "HTML of a trace": (pair_of, targets.check_html),
}


def _lines(path: str) -> list[bytes]:
    return gzip.decompress((PROJECT / path).read_bytes()).splitlines()[:5]


SAMPLES = _lines("data/samples/planted.jsonl.gz")
SEEDS: dict[str, list[bytes]] = {
    "importer": [bytes([place]) + b"\n".join(SAMPLES[:2]) for place in range(len(TAILS))],
    "recipe loader": [path.read_bytes() for path in sorted(SHIPPED.glob("*.yaml"))],
    "segmenter": SAMPLES,
    "answer comparison": [b"So \\boxed{\\frac{1}{2}}\x000.5", b"The answer is (B).\0B", b"yes\0no", b"[1, 2)\0[1,2]"],
    "SQL gate": [query.encode() for query in EXAMPLES.values()],
    "filter in the address": [
        b'{"ranges": {"n_chars": [1, null]}, "values": {"model": ["a"]}, "flags": {"correct": true}}',
        b'{"lasso": {"x": "n_chars", "y": "n_chars", "points": [[0, 0], [1, 0], [0, 1]]}, "sql": "n_chars > 1"}',
    ],
    "HTML of a trace": SAMPLES,
}


def main() -> None:
    """Fuzz one target; atheris ends the process."""
    name, runs = sys.argv[1], int(sys.argv[2])
    read, check = READ[name]
    target, began, done = targets.Target(name, targets.text, check), time.perf_counter(), 0

    def one(data: bytes) -> None:
        nonlocal done
        targets.holds(target, read(data))
        done += 1
        if done == runs:
            sys.stdout.write(f"| {name} | {done:,} | {time.perf_counter() - began:.0f} | 0 |\n")
            sys.stdout.flush()

    corpus = targets.SCRATCH / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS[name]):
        (corpus / str(number)).write_bytes(seed)
    limits = [f"-runs={runs}", "-timeout=20", "-rss_limit_mb=6144", "-max_len=4096"]
    kept = f"-artifact_prefix={targets.SCRATCH}/"
    atheris.Setup([sys.argv[0], str(corpus), *limits, kept, "-verbosity=0"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
