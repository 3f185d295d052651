"""Find traces that ask, or repeat, the questions of a benchmark.

A trace is contaminated by a benchmark's question when at least `minimum` of the question's runs of n words stand in
the trace's question: 8 words and 70 % as PaLM takes for question, prompt and target (Chowdhery et al. 2022, section
8). A question of fewer than n words is looked for as a whole, which is ours.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from curation.benchmarks import items, locate, read_hash, title
from curation.comparing.overlap import Index, Match
from curation.operator import Annotation, Annotator, ScoreType
from curation.params import BenchmarkName, Fraction
from curation.trace import Trace


class Loaded(NamedTuple):
    """The questions of some benchmarks, and what each is called."""

    questions: Index
    names: list[str]


class FindContamination(Annotator):
    """Find traces whose question, or reasoning too, repeats a benchmark's question."""

    op: Literal["find_contamination"] = "find_contamination"
    benchmarks: list[BenchmarkName] = Field(
        ["word_problems"], description="Benchmarks by name, or paths of .jsonl or .parquet files", min_length=1
    )
    n: int = Field(8, description="Words in a run that has to be the same", ge=3, le=50)
    minimum: Fraction = Field(0.7, description="Share of a question's runs from which a trace is flagged", gt=0)
    texts: Literal["question", "question_and_reasoning"] = Field(
        "question", description="Where questions are looked for"
    )
    numbers: Literal["same", "any"] = Field("same", description="Whether a question with other numbers counts too")

    def key(self) -> str:
        """Other benchmark files give other results, so their bytes are part of the key."""
        hashes = [read_hash(path) for path in self.paths()]
        return f"{self.title()}_{hashlib.sha256(' '.join([super().key(), *hashes]).encode()).hexdigest()[:12]}"

    def paths(self) -> list[Path]:
        """The benchmarks' files; UserError names one that is not there."""
        return [locate(name) for name in self.benchmarks]

    def adds(self) -> dict[str, ScoreType]:
        """The flag, the largest share of any question, and `benchmark:row` of that question where flagged."""
        return {"contaminated": "flag", "contamination": "number", "contaminated_by": "category"}

    def annotate(self, trace: Trace) -> Annotation:
        """Look each text up on its own and take the larger share."""
        questions, names = _load(tuple((path, read_hash(path)) for path in self.paths()), self.n, self.numbers)
        texts = [trace.question] if self.texts == "question" else [trace.question, trace.reasoning]
        found = [match for text in texts if (match := questions.best(text))]
        match = max(found, key=lambda match: match.share, default=Match(0, 0.0))
        flagged = match.share >= self.minimum
        by = names[match.question] if flagged else None
        return Annotation({"contaminated": flagged, "contamination": match.share, "contaminated_by": by})


@lru_cache(maxsize=4)
def _load(files: tuple[tuple[Path, str], ...], n: int, numbers: Literal["same", "any"]) -> Loaded:
    found = [(f"{title(path)}:{item.row}", item.problem.question) for path, _ in files for item in items(path)]
    return Loaded(Index((question for _, question in found), n, numbers), [name for name, _ in found])
