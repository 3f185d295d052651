"""Worked examples for a prompt: the verified traces most like a problem, never that problem itself or a near copy.

A shot leaks where it is the same problem, or where question and shot share the share of their runs of words from
which a trace counts as contaminated by a benchmark; the same words with other numbers are another problem.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from curation.answers import compare, extract
from curation.benchmarks import content_hash
from curation.comparing.overlap import Index
from curation.encoders import Vectors, load_encoder
from curation.errors import UserError
from curation.imports.layouts import Context, convert
from curation.imports.plan import plan
from curation.imports.readers import read_rows
from curation.imports.sources import stem
from curation.places import readable
from curation.table import parts
from curation.trace import Problem, Trace

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "samples" / "concise_traces.jsonl.gz"
POOL = 2000  # ours: examples that are compared with a problem
WORDS, NEAR = 8, 0.7  # as find_contamination: PaLM's (Chowdhery et al. 2022, section 8)


By = Literal["likeness", "subject"]


class Shot(NamedTuple):
    """A worked example: ids of its trace and problem, the question, and question and solution as a model sees them."""

    id: str
    problem_id: str
    question: str
    text: str
    subject: str | None = None


class Shelf:
    """The examples of a file or folder, one a problem, by likeness."""

    def __init__(self, shots: list[Shot], encoder: str) -> None:
        """Encode every question once."""
        self.shots, self.encoder = shots, load_encoder(encoder)
        self.vectors: Vectors = self.encoder.encode([shot.question for shot in shots])
        self.questions = Index((shot.question for shot in shots), WORDS, "same")

    def nearest(self, problem: Problem, count: int, by: By = "likeness") -> list[Shot]:
        """The examples most like a problem, the likest last; fewer where all others leak.

        By subject, those of its subject come before others, then those whose questions are most nearly as long (Long
        CoT Collection, system 29), then the likest.
        """
        inside, own = set(self.questions.holding(problem.question, NEAR)), Index([problem.question], WORDS, "same")
        found: list[Shot] = []
        for shot in (self.shots[place] for place in self._order(problem, by) if place not in inside):
            if len(found) == count:
                break
            if shot.problem_id != problem.id and not own.holding(shot.text, NEAR):
                found.append(shot)
        return found[::-1]

    def _order(self, problem: Problem, by: By) -> list[int]:
        """The places of all examples, the best first."""
        likeness = (self.vectors @ self.encoder.encode([problem.question])[0]).tolist()
        if by == "likeness":
            return sorted(range(len(self.shots)), key=lambda place: (-likeness[place], place))
        length = max(1, len(problem.question))

        def rank(place: int) -> tuple[bool, float, float, int]:
            shot = self.shots[place]
            lengths = sorted((length, max(1, len(shot.question))))
            same = problem.subject is not None and shot.subject == problem.subject
            return not same, -lengths[0] / lengths[1], -likeness[place], place

        return sorted(range(len(self.shots)), key=rank)


def rendered(shots: list[Shot]) -> str:
    """The examples as text in front of a prompt; empty without any."""
    return "".join(f"{shot.text}\n\n" for shot in shots)


def fingerprint(source: str) -> str:
    """A hash of the bytes of the examples' files: other files are other examples."""
    hashes = [content_hash(path) for path in _files(source)]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()[:12]


def shelf(source: str, encoder: str) -> Shelf:
    """The verified examples of a file or folder, read once while it stays as it is; empty is the shipped file."""
    return _shelf(source, fingerprint(source), encoder)


@lru_cache(maxsize=4)
def _shelf(source: str, _hash: str, encoder: str) -> Shelf:
    found: dict[str, Shot] = {}
    for trace in _traces(source):
        if trace.problem.id not in found and verified(trace):
            found[trace.problem.id] = _shot(trace)
        if len(found) == POOL:
            break
    if not found:
        raise UserError(
            f"No trace in {source or SHIPPED} has an answer that is known to be right, so none can be an example; "
            "name a file or a curated set whose traces have reference answers."
        )
    return Shelf(list(found.values()), encoder)


def verified(trace: Trace) -> bool:
    """True where the answer equals the reference, or the source said it is right."""
    reference = trace.problem.reference
    if trace.closed is False or not reference:
        return bool(trace.given_correct)
    found = extract(trace.answer or trace.reasoning, "auto", reference)
    return found is not None and compare(found, reference).equal


def _shot(trace: Trace) -> Shot:
    written = "\n".join(filter(None, (trace.reasoning.strip(), trace.answer.strip())))
    text = f"Problem: {trace.question.strip()}\nSolution: {written}"
    return Shot(trace.id, trace.problem.id, trace.question, text, trace.problem.subject)


def _files(source: str) -> list[Path]:
    path = readable(source) if source else SHIPPED
    if (path / "manifest.json").is_file():
        return parts(path)
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file() and file.name[0] != ".")
    if not path.is_file():
        raise UserError(
            f"There are no examples in {path}: give a file of traces, the folder of a curated set, or nothing for the "
            "shipped ones."
        )
    return [path]


def _traces(source: str) -> Iterator[Trace]:
    for one in plan(_files(source)):
        for record in read_rows(one.source.path):
            context = Context(one.source.name, record.line, stem(one.source.path))
            if record.value is not None:
                yield from convert(record.value, one.mapping, context).traces
