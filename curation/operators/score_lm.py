"""How likely a model finds a trace: perplexity, contrast with and without the question, surprise of each token.

CCI4.0 drops what a language model finds unlikely ("LM loss (first 4,096 tokens)"); a student's surprise at a teacher's
trace says what it has still to learn.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from curation.asker import Asker
from curation.models import Request, TokenScore
from curation.operator import Annotation, Annotator, Failure, ScoreType, Value
from curation.params import ModelName, Positive
from curation.prompting.likelihood import Aggregate, Piece, aggregate, differences, pieces, surprises
from curation.prompting.prompts import PromptText, chat, shipped
from curation.trace import Trace

NAMES: dict[Aggregate, str] = {"perplexity": "ppl", "mean": "log_prob", "sum": "log_prob_sum", "min": "log_prob_min"}


class ScoreLm(Annotator):
    """Score a trace by a model: perplexity or log-probability of its reasoning, its answer, or both.

    `contrast` takes from each token's log-probability what it is without the question, so that its perplexity is the
    ratio of both. Target `segments` scores the reasoning and finds the segment that surprises most, by the mean of its
    tokens. The surprise of every token of the reasoning is kept, for the reader to draw.
    """

    op: Literal["score_lm"] = "score_lm"
    model: ModelName = Field(description="Model that scores")
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        "student", description="What its scores begin with"
    )
    target: Literal["reasoning", "answer", "all", "segments"] = Field("reasoning", description="Text that is scored")
    context: Literal["question", "none", "contrast"] = Field("question", description="What stands before it")
    aggregate: Aggregate = Field("perplexity", description="How tokens make one number")
    prompt: PromptText = Field(shipped("score_lm", "question"), description="How the question is put")
    think_tags: bool = Field(True, description="Put the reasoning into think tags, as students write it")
    max_tokens: Positive = Field(4096, description="Tokens scored of each text, by the estimate")  # CCI4.0

    adds_surprise = True
    slots = ("question",)

    @property
    def needs_segments(self) -> bool:  # type: ignore[override]
        """Only where segments are compared."""
        return self.target == "segments"

    def asks(self) -> tuple[str, ...]:
        """The model that scores."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """The number; with segments the largest surprise and the segment it is in, counted from 1."""
        names = [NAMES[self.aggregate], *(("max_surprise", "max_segment") if self.needs_segments else ())]
        return {f"{self.name}_{name}": "number" for name in names}

    def request(self, trace: Trace) -> Request:
        """What stands before the first text."""
        found = self._pieces(trace, self.context != "none")
        return found[0].request if found else Request(chat(self.prompt, {"question": trace.question}))

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Score every text of the batch in one go."""
        first = self._scored(traces, asker, self.context != "none")
        again = self._scored(traces, asker, False) if self.context == "contrast" else first
        return [self._told(*row) for row in zip(traces, first, again, strict=True)]

    def _pieces(self, trace: Trace, asked: bool) -> list[Piece]:
        prompt = chat(self.prompt, {"question": trace.question}) if asked else ""
        reasoning, answer = self.target != "answer", self.target in ("answer", "all")
        return pieces(trace, prompt, reasoning, answer, self.think_tags, self.max_tokens)

    def _scored(
        self, traces: Sequence[Trace], asker: Asker, asked: bool
    ) -> list[list[tuple[Piece, list[TokenScore]]]]:
        listed = [self._pieces(trace, asked) for trace in traces]
        every = [piece for found in listed for piece in found]
        scores = iter(asker.score(self.model, [piece.request for piece in every], [piece.text for piece in every]))
        return [[(piece, next(scores)) for piece in found] for found in listed]

    def _told(
        self, trace: Trace, first: list[tuple[Piece, list[TokenScore]]], again: list[tuple[Piece, list[TokenScore]]]
    ) -> Annotation | Failure:
        values: dict[str, Value] = dict.fromkeys(self.adds())
        if not first or not all(tokens for _, tokens in first + again):
            return Annotation(values)  # nothing to score, or more than the model can read
        shown = next((tokens for piece, tokens in first if piece.reasoning), None)
        if self.context == "contrast":
            told = [differences(one, other) for (_, one), (_, other) in zip(first, again, strict=True)]
        else:
            told = [tokens for _, tokens in first]
        if any(tokens is None for tokens in told):
            return Failure(trace.id, "the model reads the text as other tokens without the question")
        log_probs = [token.log_prob for tokens in told for token in tokens or ()]
        numbers: list[Value] = [aggregate(log_probs, self.aggregate)]
        if self.needs_segments:
            numbers += _worst(surprises(shown or [], trace.segments))
        return Annotation(dict(zip(values, numbers, strict=True)), surprise=shown)


def _worst(values: Sequence[float | None]) -> list[Value]:
    """The largest value and its place, counted from 1."""
    known = [(value, -place) for place, value in enumerate(values, 1) if value is not None]
    value, place = max(known, default=(None, None))
    return [value, None if place is None else -place]
