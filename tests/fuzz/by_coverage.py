"""`python -m tests.fuzz.by_coverage TARGET RUNS`: bytes that atheris finds by the lines of Winnow they reach.

It runs in an environment of its own (`make fuzz`), since atheris changes the code it watches; the checks are those of
`targets`. A target that fails leaves the bytes in a file whose name it says.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["curation"]):
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

    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={runs}",
            "-timeout=20",
            "-rss_limit_mb=6144",
            "-verbosity=0",
            f"-artifact_prefix={targets.SCRATCH}/",
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
