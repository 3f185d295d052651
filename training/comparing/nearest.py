"""Which training traces are about the same as a benchmark's problem, and which problems about the same as a trace.

Questions are compared by the built-in encoder, so by shared words. A set's questions, and those of the traces its
recipe dropped, are measured once and kept beside the sets; the part hashes are in the file's name, so it never is
that of other rows.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curation.curated import CuratedSet
from curation.encoders import Vectors, load_encoder
from curation.table import read_batches, write_part
from curation.trace import Trace
from training.comparing.evaluations import Evaluation

VERSION = 1  # of what is kept
KEPT = ".nearest"  # folder beside the sets
MEASURED = 2000  # questions encoded together
LEAST = 0.2  # ours: one in a thousand pairs of questions without a common word is as alike
SCHEMA = pa.schema(
    [
        ("problem_id", pa.string()),
        ("question", pa.large_string()),
        ("kept", pa.list_(pa.string())),
        ("gone", pa.list_(pa.string())),
        ("vector", pa.list_(pa.float32())),
    ]
)
Read = Callable[[list[str]], Iterable[list[Trace]]]


class Near(NamedTuple):
    """A trace about the same as a question; `kept` says whether the student was trained on it."""

    similarity: float
    question: str
    problem_id: str
    trace_id: str
    kept: bool


class NearProblem(NamedTuple):
    """A benchmark's problem about the same as a trace, and each student's share of right attempts at it."""

    similarity: float
    problem_id: str
    question: str
    shares: tuple[float | None, ...]


class Neighbours:
    """The questions of a set, with the ids of their traces in it and of those its recipe dropped."""

    def __init__(self, table: pa.Table) -> None:
        """The kept table of a set."""
        self.table = table
        flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        self.vectors: Vectors = flat.reshape(table.num_rows, -1) if table.num_rows else np.zeros((0, 1), np.float32)

    @classmethod
    def of(cls, curated: CuratedSet, read: Read) -> "Neighbours":
        """A set's neighbours, measured where they are not kept; `read` gives the traces of ids, as far as known."""
        path = kept_at(curated)
        if not path.is_file():
            write_part(measure(curated, read), path)
        return cls(pq.read_table(path, schema=SCHEMA))

    def near(self, question: str, n: int = 5, *, kept: bool = True) -> list[Near]:
        """The n traces nearest to a question, of those in the set or of those its recipe dropped."""
        if not self.table.num_rows:
            return []
        likeness = self.vectors @ load_encoder().encode([question])[0]
        found: list[Near] = []
        ids = self.table["kept" if kept else "gone"]
        for place in np.argsort(-likeness, kind="stable").tolist():
            if likeness[place] < LEAST or len(found) >= n:
                break
            about = (self.table["question"][place].as_py(), self.table["problem_id"][place].as_py())
            found += [Near(float(likeness[place]), *about, trace_id, kept) for trace_id in ids[place].as_py()]
        return found[:n]


def kept_at(curated: CuratedSet) -> Path:
    """Where a set's neighbours are kept."""
    parts = "".join(part.sha256 for part in curated.manifest.parts)
    key = hashlib.sha256(f"{VERSION}{parts}{curated.manifest.recipe_yaml}".encode()).hexdigest()[:16]
    return curated.folder.parent / KEPT / f"{curated.name}-{key}.parquet"


def measure(curated: CuratedSet, read: Read) -> pa.Table:
    """One row a question: its traces in the set, those the recipe dropped, and its vector."""
    rows: dict[str, tuple[str, list[str], list[str]]] = {}
    for batch in read_batches(curated.paths, ["id", "problem_id", "question"]):
        for row in batch.to_pylist():
            rows.setdefault(row["problem_id"], (row["question"], [], []))[1].append(row["id"])
    for traces in read(gone(curated)):
        for trace in traces:
            rows.setdefault(trace.problem.id, (trace.question, [], []))[2].append(trace.id)
    questions = [question for question, _, _ in rows.values()]
    columns = [list(rows), questions, *([row[place] for row in rows.values()] for place in (1, 2))]
    vectors = pa.array([vector for part in _encoded(questions) for vector in part], SCHEMA.field("vector").type)
    return pa.Table.from_arrays(
        [*(pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=False)), vectors],
        schema=SCHEMA,
    )


def _encoded(questions: Sequence[str]) -> Iterator[Vectors]:
    for start in range(0, len(questions), MEASURED):
        yield load_encoder().encode(questions[start : start + MEASURED])


def gone(curated: CuratedSet) -> list[str]:
    """Ids of the traces the recipe started from that left nothing in the set."""
    if not curated.ledger.is_file():
        return []
    table = pq.read_table(curated.ledger, columns=["trace_id", "became"])
    parents: dict[str, str] = {}
    for row in table.filter(table["became"].is_valid()).to_pylist():
        parents |= dict.fromkeys(row["became"], row["trace_id"])
    alive = {origin for trace_id in curated.ids() for origin in _line(trace_id, parents)}
    judged = dict.fromkeys(table["trace_id"].to_pylist())
    return [trace_id for trace_id in judged if trace_id not in alive and trace_id not in parents]


def _line(trace_id: str, parents: Mapping[str, str]) -> Iterator[str]:
    """A trace and what it was made from, back to the first."""
    seen: set[str] = set()
    while trace_id not in seen:
        yield trace_id
        seen.add(trace_id)
        trace_id = parents.get(trace_id, trace_id)


def near_problems(question: str, found: Sequence[Evaluation], n: int = 5) -> list[NearProblem]:
    """The n problems of evaluations of one benchmark that are nearest to a trace's question."""
    known = {key: answer.question for one in found for key, answer in one.answers.items()}
    if not known:
        return []
    encoder = load_encoder()
    likeness = encoder.encode(list(known.values())) @ encoder.encode([question])[0]
    ids, nearest = list(known), np.argsort(-likeness, kind="stable")[:n].tolist()
    return [
        NearProblem(float(likeness[place]), ids[place], known[ids[place]], _shares(ids[place], found))
        for place in nearest
        if likeness[place] >= LEAST
    ]


def _shares(problem_id: str, found: Sequence[Evaluation]) -> tuple[float | None, ...]:
    answers = [one.answers.get(problem_id) for one in found]
    return tuple(answer.right if answer else None for answer in answers)
