"""Let a model judge each trace, or its problem, by a rubric."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from curation.asker import Asker
from curation.models import Completion, Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import ModelName, Positive, Seed
from curation.prompting.judging import REASON, Aggregate, Rubric, explained, voted
from curation.prompting.prompts import PromptText, chat, checked, shipped
from curation.prompting.replies import unusable
from curation.trace import Trace

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
QUALITY = "every step is right and follows from those before; nothing needed is missing, nothing useless in the way"


class Judge(Annotator):
    """Score each trace by a model, on a scale or by choices; what cannot be read is unknown and counted.

    With several votes, numbers are averaged unless said otherwise, and choices go by majority; a tie is unknown.
    Judging difficulty takes the shipped prompt of that name and the choices easy, medium and hard.
    """

    op: Literal["judge"] = "judge"
    model: ModelName = Field(description="Model that judges")
    label_name: Name = Field("judge", description="What the scores' names begin with")
    criteria: dict[Name, str] = Field(
        {"quality": QUALITY}, min_length=1, description="What is judged: the name of each score and what it means"
    )  # ours
    choices: list[str] = Field([], description="Answers to choose from; empty for a number")
    lowest: int = Field(1, description="Worst number")  # SleepCoT's rubric goes from 1 to 5
    highest: int = Field(5, description="Best number")
    votes: Positive = Field(1, le=32, description="Judgements of each trace, with a seed each")
    aggregate: Aggregate = Field("mean", description="What makes one number of several")
    explain: bool = Field(False, description="Keep the first judgement's reason, up to 300 characters")
    prompt: PromptText = Field(shipped("judge", "rubric"), description="What the model is asked")
    max_new_tokens: Positive = Field(1024, description="Longest reply, tokens")  # ours
    temperature: float = Field(0.0, ge=0, le=2, description="Randomness; several votes need some")
    seed: Seed = Field(0, description="Seed of the first vote")

    slots: ClassVar[tuple[str, ...]] = ("question", "reasoning", "answer", "reference", "criteria", "reply")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        checked(self.prompt, ("question", "reply"))
        if self.votes > 1 and not self.temperature:
            raise ValueError("several votes at temperature 0 are the same vote: give a temperature, or 1 vote")
        if self.lowest >= self.highest:
            raise ValueError(f"highest {self.highest} must be above lowest {self.lowest}")
        if taken := {"unread", REASON} & set(self.criteria):
            raise ValueError(f"criteria cannot be named {', '.join(sorted(taken))}")
        return self

    def asks(self) -> tuple[str, ...]:
        """The judge."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """A score for each criterion, how many judgements could not be read, and the reason where it is kept."""
        scores: dict[str, ScoreType] = {self._named(name): self._rubric().kind for name in self.criteria}
        scores[self._named("unread")] = "number"
        return scores | ({self._named(REASON): "category"} if self.explain else {})

    def request(self, trace: Trace) -> Request:
        """The first vote."""
        return self._requests(trace)[0]

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Ask for every vote on every row at once."""
        requests = [request for trace in traces for request in self._requests(trace)]
        rows = [trace.id for trace in traces for _ in range(self.votes)]
        found = asker.complete(self.model, requests, rows)
        return [self._scores(one, found[n * self.votes : (n + 1) * self.votes]) for n, one in enumerate(traces)]

    def _requests(self, trace: Trace) -> list[Request]:
        rubric = self._rubric()
        slots = {
            "question": trace.question, "reasoning": trace.reasoning, "answer": trace.answer or "none",
            "reference": trace.problem.reference or "unknown", "criteria": rubric.listed(), "reply": rubric.reply(),
        }  # fmt: skip
        prompt, schema = chat(self.prompt, slots), rubric.schema()
        seeds = range(self.seed, self.seed + self.votes)
        return [Request(prompt, self.max_new_tokens, self.temperature, seed, json_schema=schema) for seed in seeds]

    def _scores(self, trace: Trace, votes: Sequence[Completion]) -> Annotation | Failure:
        rubric = self._rubric()
        # one that was cut off behind its scores is read all the same
        lost = [unusable(vote, whole=None in rubric.read(vote.text).values()) for vote in votes]
        usable = [vote for vote, reason in zip(votes, lost, strict=True) if reason is None]
        if not usable:
            return Failure(trace.id, str(lost[0]))
        read = [rubric.read(vote.text) for vote in usable]
        scores = {self._named(name): voted([one[name] for one in read], self.aggregate) for name in self.criteria}
        scores[self._named("unread")] = self.votes - sum(None not in one.values() for one in read)
        return Annotation(scores | ({self._named(REASON): explained(usable[0].text)} if self.explain else {}))

    def _rubric(self) -> Rubric:
        return Rubric(self.criteria, self.lowest, self.highest, self.choices)

    def _named(self, name: str) -> str:
        return f"{self.label_name}_{name}"
