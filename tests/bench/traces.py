"""Traces as teachers write them, made fast and always the same: what every bench measures with.

    python -m tests.bench.traces FOLDER [--rows N] [--kind jsonl|jsonl.gz|parquet]

Four teachers solve each problem twice and are wrong more or less often. Lengths are log-normal with a mean of about
5,000 characters and the spread of real traces: their logarithm deviates by 0.5 to 1.2, by 0.95 where R1-like teachers
solve mathematics. Of 100 rows 2 nearly repeat the row before them, and 1 is exactly that row again.
"""

import argparse
import gzip
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from curation.trace import Problem, Trace
from tests.bench.phrases import (
    BEGINNINGS,
    HEADS,
    KINDS,
    NOUNS,
    NUMBERS,
    STARTS,
    TAILS,
    THINGS,
    VERBS,
    WHO,
    WORDS,
)

Kind = Literal["jsonl", "jsonl.gz", "parquet"]
BLOCK = 500  # rows made at once
FILE_ROWS = 50_000  # at most
SOLUTIONS = 8  # of a problem
TEACHERS = ("teacher 0", "teacher 1", "teacher 2", "teacher 3")
WRONG = np.array([0.10, 0.20, 0.35, 0.55])  # share of each teacher's answers
MEDIAN, SPREAD, LONGEST = 3200, 0.95, 60_000  # characters, standard deviation of their logarithm, characters
SENTENCE, PARAGRAPH = 96, 0.3  # characters of a mean sentence, openings included; share that begins a paragraph
PIECES = 8  # of a sentence
EXACT, NEAR = 0.02, 0.04  # of every second row: copies of the row before it
EDITABLE = 24  # sentences; of a shorter trace an edit is no near copy


class Row(NamedTuple):
    """A row as files hold it."""

    question: str
    reference: str
    reasoning: str
    answer: str
    model: str
    subject: str


class Block(NamedTuple):
    """Rows made together, and of each the place of the row it copies."""

    rows: list[Row]
    copies: dict[int, int]


def question(number: int) -> str:
    """The same number is the same problem."""
    who, verb = WHO[number % len(WHO)], VERBS[number // 10 % len(VERBS)]
    kind, noun = KINDS[number // 100 % len(KINDS)], NOUNS[number % len(NOUNS)]
    return (
        f"On each of {number % 89 + 2} days {who} {verb} {number} {kind} {noun} and gives a third of them away before "
        f"the evening. How many {noun} are there in the end, when {number % 7 + 1} more are found in a box?"
    )


def block(start: int, rows: int) -> Block:
    """The rows from this one on; the same start gives the same rows."""
    random = np.random.default_rng([0, start])
    counts = np.clip(random.lognormal(np.log(MEDIAN), SPREAD, rows), 4 * SENTENCE, LONGEST) // SENTENCE
    texts = _texts(random, counts.astype(np.int64))
    numbers = np.arange(start, start + rows)
    teachers = numbers % len(TEACHERS)
    reference = numbers // SOLUTIONS * 7 % 9973
    given = reference + np.where(random.random(rows) < WRONG[teachers], random.integers(1, 10, rows), 0)
    made = [
        Row(question(n // SOLUTIONS), str(right), f"{text}\n\nSo the final number is {answer}.",
            f"The answer is \\boxed{{{answer}}}.", TEACHERS[teacher], f"subject {n // SOLUTIONS % 6}")
        for n, right, text, answer, teacher in zip(
            numbers.tolist(), reference.tolist(), texts, given.tolist(), teachers.tolist(), strict=True
        )
    ]  # fmt: skip
    return Block(made, _copy(made, random, counts))


def _texts(random: np.random.Generator, counts: np.ndarray) -> list[str]:
    """Texts of so many sentences."""
    total, ends = int(counts.sum()), np.cumsum(counts)
    pieces = np.empty((total, PIECES), dtype=object)
    begins = random.random(total) < PARAGRAPH
    pieces[:, 0] = " "
    pieces[begins, 0] = STARTS[random.integers(0, len(STARTS), int(begins.sum()))]
    pieces[ends - counts, 0] = BEGINNINGS[random.integers(0, len(BEGINNINGS), len(counts))]
    for place, pool in enumerate((HEADS, NUMBERS, WORDS, THINGS, WORDS, WORDS, TAILS), 1):
        pieces[:, place] = pool[random.integers(0, len(pool), total)]
    flat = cast(list[str], pieces.ravel().tolist())
    return ["".join(flat[PIECES * (end - count) : PIECES * end]) for end, count in zip(ends, counts, strict=True)]


def _copy(rows: list[Row], random: np.random.Generator, counts: np.ndarray) -> dict[int, int]:
    """Make some rows copies of the one before them; returns the near copies."""
    chance, near = random.random(len(rows)), {}
    for place in range(1, len(rows), 2):
        first = rows[place - 1]
        if chance[place] < EXACT:
            rows[place] = first
        elif chance[place] < EXACT + NEAR and counts[place - 1] >= EDITABLE:
            rows[place] = rows[place]._replace(reasoning=_edited(first.reasoning, random))
            near[place] = place - 1
    return near


def _edited(text: str, random: np.random.Generator) -> str:
    """The text with 1 to 2 % of its words exchanged and a sentence left out."""
    sentences = text.split(". ")
    del sentences[int(random.integers(1, len(sentences) - 1))]
    words = ". ".join(sentences).split(" ")
    for place in random.integers(0, len(words), round(len(words) * random.uniform(0.01, 0.02))).tolist():
        words[place] = NOUNS[place % len(NOUNS)]
    return " ".join(words)


def blocks(start: int, rows: int) -> Iterator[Block]:
    """The rows from this one on, in blocks."""
    for low in range(start, start + rows, BLOCK):
        yield block(low, min(BLOCK, start + rows - low))


def planted(rows: int) -> Iterator[tuple[Trace, str | None]]:
    """The first rows as Winnow holds them, each once, and of a near copy the id of the trace it copies."""
    for one in blocks(0, rows):
        ids: list[str] = []
        for place, row in enumerate(one.rows):
            problem = Problem(row.question, row.reference, "bench", subject=row.subject)
            trace = Trace(problem, row.reasoning, row.answer, row.model)
            if trace.id not in ids[-1:]:  # an exact copy stands behind its original
                yield trace, ids[one.copies[place]] if place in one.copies else None
            ids.append(trace.id)


def traces(rows: int) -> Iterator[Trace]:
    """The first rows as Winnow holds them, each once."""
    return (trace for trace, _ in planted(rows))


def write(folder: Path, rows: int, kind: Kind) -> list[Path]:
    """Write rows as files, on all cores; the folder exists when they are complete."""
    if not folder.exists():
        making = folder.with_name(folder.name + ".tmp")
        making.mkdir(parents=True, exist_ok=True)
        size = min(FILE_ROWS, -(-rows // 4 // BLOCK) * BLOCK)
        starts = range(0, rows, size)
        paths = [making / f"bench-{number:04d}.{kind}" for number in range(len(starts))]
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(partial(_write_file, kind), paths, starts, [min(size, rows - start) for start in starts]))
        making.rename(folder)
    return sorted(folder.iterdir())


def _write_file(kind: Kind, path: Path, start: int, rows: int) -> None:
    if kind == "parquet":
        _write_parquet(path, start, rows)
    elif kind == "jsonl.gz":
        with gzip.open(path, "wb", compresslevel=1) as packed:
            packed.writelines(_lines(start, rows))
    else:
        with path.open("wb") as plain:
            plain.writelines(_lines(start, rows))


def _lines(start: int, rows: int) -> Iterator[bytes]:
    for one in blocks(start, rows):
        yield b"".join(orjson.dumps(row._asdict(), option=orjson.OPT_APPEND_NEWLINE) for row in one.rows)


def _write_parquet(path: Path, start: int, rows: int) -> None:
    schema = pa.schema([(name, pa.string()) for name in Row._fields])
    made = blocks(start, rows)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while few := list(islice(made, 10)):
            columns = zip(*(row for one in few for row in one.rows), strict=True)
            writer.write_table(pa.table([pa.array(column) for column in columns], schema=schema))


def main() -> int:
    """Write files and say their size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--kind", choices=("jsonl", "jsonl.gz", "parquet"), default="jsonl")
    given = parser.parse_args()
    paths = write(given.folder, given.rows, given.kind)
    size = sum(path.stat().st_size for path in paths)
    sys.stdout.write(f"{given.rows:,} rows in {len(paths)} files, {size / 1e6:,.0f} MB: {given.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
