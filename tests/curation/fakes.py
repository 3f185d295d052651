"""Operators that count their calls."""

from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from curation.operator import Annotation, Annotator, CorpusAnnotator, Mapper, ScoreType, TableSelector
from curation.trace import Trace, derive


class CountWords(Annotator):
    """Count words, and calls; fails on texts that hold the forbidden word."""

    op: Literal["count_words"] = "count_words"
    forbidden: str = Field("", description="Word that makes a row fail")
    calls: ClassVar[list[str]] = []

    def adds(self) -> dict[str, ScoreType]:
        return {"n_words": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        self.calls.append(trace.reasoning)
        if self.forbidden and self.forbidden in trace.reasoning:
            raise ValueError(f"found {self.forbidden}")
        return Annotation({"n_words": len(trace.reasoning.split())})


class Shout(Mapper):
    """Add an exclamation mark where none is, drop empty traces, fail on questions."""

    op: Literal["shout"] = "shout"
    calls: ClassVar[list[str]] = []

    def map(self, trace: Trace) -> list[Trace]:
        self.calls.append(trace.reasoning)
        if "?" in trace.reasoning:
            raise ValueError("a question")
        if trace.reasoning.endswith("!"):
            return [trace]
        return [derive(trace, reasoning=trace.reasoning + "!")] if trace.reasoning else []


class CountSame(CorpusAnnotator):
    """Count the rows that begin with the same word; fails on texts that hold the forbidden word."""

    op: Literal["count_same"] = "count_same"
    forbidden: str = Field("", description="Word that makes a row fail")
    calls: ClassVar[list[str]] = []
    sketch_type = pa.string()

    def adds(self) -> dict[str, ScoreType]:
        return {"n_same": "number"}

    def sketch(self, trace: Trace) -> str:
        self.calls.append(trace.reasoning)
        if self.forbidden and self.forbidden in trace.reasoning:
            raise ValueError(f"found {self.forbidden}")
        return trace.reasoning.split()[0]

    def conclude(self, rows: pa.Table) -> pa.Table:
        words = rows.column("sketch").to_pylist()
        counts = [None if word is None else float(words.count(word)) for word in words]
        return pa.table({"id": rows.column("id"), "n_same": pa.array(counts, pa.float64())})


class Measure(Annotator):
    """Give each trace a vector of its length; none to the shortest."""

    op: Literal["measure"] = "measure"
    adds_vectors = True

    def adds(self) -> dict[str, ScoreType]:
        return {}

    def annotate(self, trace: Trace) -> Annotation:
        size = len(trace.reasoning)
        return Annotation({}, vector=[float(size), 1.0] if size > 4 else None)


class Nearest(TableSelector):
    """Keep the row whose vector is largest."""

    op: Literal["nearest"] = "nearest"
    needs_vectors = True

    def judge(self, rows: pa.Table) -> pa.Table:
        sizes = [None if vector is None else vector[0] for vector in rows.column("vector").to_pylist()]
        best = max(size for size in sizes if size is not None)
        ids = rows.column("id").to_pylist()
        winner = ids[sizes.index(best)]
        return pa.table(
            {
                "id": ids,
                "keep": [value == winner for value in ids],
                "value": pa.array(sizes, pa.float64()),
                "reason": [None if value == winner else "not the largest" for value in ids],
                "threshold": [best] * len(ids),
                "other": [None if value == winner else winner for value in ids],
            }
        )
