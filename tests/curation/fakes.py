"""Operators that count their calls."""

from typing import ClassVar, Literal

from pydantic import Field

from curation.operator import Annotation, Annotator, Mapper, ScoreType
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
