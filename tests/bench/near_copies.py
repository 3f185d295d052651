"""Plant near-copies among traces that share phrases, and count what find_duplicates makes of them.

    python -m tests.bench.near_copies [rows] [copies]

Traces are strings of worked steps in the words of a few hundred phrases, as those of one teacher are; a near-copy has
1 to 2 % of its words exchanged, its case changed and a sentence added or left out.
"""

import random
import resource
import sys
import time
from typing import NamedTuple

import pyarrow as pa

from curation.application.batches import sketch_batch
from curation.operators.find_duplicates import FindDuplicates
from curation.table import LIGHT, to_table
from curation.trace import Problem, Trace

STEMS = (
    "First, {a} {verb} {x} {noun}, so that makes {x} times {y}, which is {z}.",
    "Wait, let me check that again: {x} plus {y} is {z}, not {y}.",
    "So the number of {noun} that {a} {verb} is {z}, and {y} of them are {kind}.",
    "Now we need to find how many {kind} {noun} {a} {verb} in {x} days.",
    "If {a} {verb} {x} {noun} each day, then after {y} days there are {z} {noun} in all.",
    "Hmm, the question asks for the {kind} {noun} only, so subtract {y} from {z}.",
    "Alternatively, divide {z} by {y} to see how many {noun} each {kind} box holds.",
    "Therefore the answer should be {z} {noun}, since {a} {verb} exactly {x} of them.",
)  # fmt: skip
NAMES = ["Mia", "Leo", "Ada", "Bob", "Janet", "the farmer", "the baker", "his aunt", "the class", "every worker"]
VERBS = ["buys", "sells", "counts", "paints", "carries", "bakes", "reads", "plants", "collects", "repairs"]
NOUNS = ["apples", "eggs", "books", "tiles", "chairs", "coins", "stamps", "flowers", "bottles", "pages", "shells"]
KINDS = ["red", "small", "broken", "spare", "old", "large", "golden", "empty", "round", "heavy"]


class World(NamedTuple):
    """Traces in order, and of each planted copy the original's id."""

    traces: list[Trace]
    copies: dict[str, str]


def world(rows: int, copies: int, seed: int = 0) -> World:
    """Traces of 60 to 160 sentences; the copies stand anywhere after the originals."""
    chance = random.Random(seed)
    texts = [[_sentence(chance) for _ in range(chance.randint(60, 160))] for _ in range(rows - copies)]
    traces = [Trace(Problem(f"Question {n}?"), " ".join(text), model="ada") for n, text in enumerate(texts)]
    planted = {}
    for original in chance.sample(range(len(texts)), copies):
        copy = Trace(Problem(f"Question {original}?"), _edited(texts[original], chance), model="bob")
        planted[copy.id] = traces[original].id
        traces.append(copy)
    return World(traces, planted)


def _sentence(chance: random.Random) -> str:
    x, y = chance.randint(2, 99), chance.randint(2, 99)
    lists = {"a": NAMES, "verb": VERBS, "noun": NOUNS, "kind": KINDS}
    words = {name: chance.choice(values) for name, values in lists.items()}
    return chance.choice(STEMS).format(x=x, y=y, z=x * y, **words)


def _edited(sentences: list[str], chance: random.Random) -> str:
    sentences = list(sentences)
    place = chance.randrange(len(sentences))
    sentences[place : place + 1] = chance.choice([[], [sentences[place], _sentence(chance)]])
    words = " ".join(sentences).upper().split(" ")
    for _ in range(round(len(words) * chance.uniform(0.01, 0.02))):
        words[chance.randrange(len(words))] = chance.choice(NOUNS)
    return " ".join(words)


def rows_of(step: FindDuplicates, traces: list[Trace]) -> pa.Table:
    """The rows that the engine hands over for comparison."""
    sketches = [sketch_batch(step, traces[low : low + 1000])["sketch"] for low in range(0, len(traces), 1000)]
    light = to_table(traces).select(LIGHT)
    return light.append_column("sketch", pa.chunked_array([part for batch in sketches for part in batch.chunks]))


def found(step: FindDuplicates, traces: list[Trace]) -> dict[str, str]:
    """Of each near-duplicate the earlier trace it was found to repeat."""
    table = step.conclude(rows_of(step, traces))
    pairs = zip(table["id"].to_pylist(), table["dup_of"].to_pylist(), strict=True)
    return {late: early for late, early in pairs if early is not None}


def main(rows: int, copies: int) -> None:
    """Write what was found, and how fast."""
    made = world(rows, copies)
    words = sum(len(trace.reasoning.split()) for trace in made.traces) / rows
    for step in (FindDuplicates(), FindDuplicates(scope="problem")):
        began = time.perf_counter()
        pairs = found(step, made.traces)
        seconds = time.perf_counter() - began
        right = sum(pairs.get(copy) == original for copy, original in made.copies.items())
        sys.stdout.write(
            f"scope {step.scope}: {rows} traces of {words:.0f} words, {right} of {copies} copies found, "
            f"{len(pairs) - right} false, {seconds:.1f} s, {rows / seconds:.0f} traces/s, "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most\n"
        )


if __name__ == "__main__":
    main(*(int(value) for value in (sys.argv[1:3] + ["20000", "400"][len(sys.argv) - 1 :])))
