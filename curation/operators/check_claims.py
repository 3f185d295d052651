"""Let a model list what a trace claims, and a model check each claim against what is known."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.asker import Asker
from curation.models import Completion, Request
from curation.operator import Annotation, Annotator, Failure, ScoreType
from curation.params import ModelName, Positive, Seed
from curation.prompting import claim_checks
from curation.prompting.claim_checks import LIST, Checked, Known, Policy
from curation.prompting.prompts import PromptText, chat, checked, shipped
from curation.prompting.replies import unusable
from curation.trace import Trace


class CheckClaims(Annotator):
    """List a trace's factual and arithmetical claims by a model, and check them by a model.

    A reply that cannot be read, or has another number of verdicts than there are claims, leaves its scores unknown.
    `share_supported` is the share of the decided claims; it is unknown where none is decided.
    """

    op: Literal["check_claims"] = "check_claims"
    model: ModelName = Field(description="Model that lists the claims")
    checker: Annotated[str, Field(json_schema_extra={"widget": "model"})] = Field(
        "", description="Model that checks them; empty for the same"
    )
    context: list[Known] = Field(
        ["question", "reference"], min_length=1, description="What claims are checked against"
    )
    passages: str = Field("passages", min_length=1, description="Name of the retrieved passages among extra values")
    unknown: Policy = Field("unknown", description="What a claim counts as that the context does not decide")
    most: Positive = Field(20, description="Most claims of a trace", le=200)  # ours
    prompt: PromptText = Field(shipped("check_claims", "list"), description="How claims are asked for")
    check_prompt: PromptText = Field(shipped("check_claims", "check"), description="How they are checked")
    max_new_tokens: Positive = Field(2048, description="Longest reply, tokens")  # ours
    temperature: float = Field(0.0, ge=0, le=2, description="Randomness of the replies")
    seed: Seed = Field(0, description="Seed of the replies")

    slots: ClassVar[tuple[str, ...]] = ("question", "reasoning", "answer", "most", "context", "claims")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        checked(self.prompt, ("reasoning",))
        checked(self.check_prompt, ("context", "claims"))
        return self

    def asks(self) -> tuple[str, ...]:
        """Who lists, and who checks."""
        return (self.model, self.checker or self.model)

    def adds(self) -> dict[str, ScoreType]:
        """Claims, those not supported, those undecided, and the share of supported ones."""
        return dict.fromkeys(Checked._fields, "number")

    def request(self, trace: Trace) -> Request:
        """What lists the claims."""
        slots = {"question": trace.question, "reasoning": trace.reasoning, "answer": trace.answer, "most": self.most}
        return self._request(self.prompt, slots, LIST)

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """List the claims of all rows, then check those of all rows."""
        replies = asker.complete(self.model, list(map(self.request, traces)), [trace.id for trace in traces])
        claims = [None if unusable(one) else claim_checks.listed(one.text, self.most) for one in replies]
        known = [claim_checks.context(trace, self.context, self.passages) for trace in traces]
        asked = [n for n in range(len(traces)) if claims[n] and known[n]]
        checks = [self._check(claims[n] or [], known[n]) for n in asked]
        rows = [traces[n].id for n in asked]
        answers = asker.complete(self.checker or self.model, checks, rows) if asked else []
        found = dict(zip(asked, answers, strict=True))
        return [self._scores(traces[n], replies[n], claims[n], found.get(n)) for n in range(len(traces))]

    def _check(self, claims: Sequence[str], known: str) -> Request:
        slots = {"context": known, "claims": claim_checks.numbered(claims)}
        return self._request(self.check_prompt, slots, claim_checks.check_schema(len(claims)))

    def _request(self, prompt: str, slots: Mapping[str, object], schema: str) -> Request:
        said = chat(prompt, slots)
        return Request(said, self.max_new_tokens, self.temperature, self.seed, json_schema=schema)

    def _scores(
        self, trace: Trace, reply: Completion, claims: list[str] | None, check: Completion | None
    ) -> Annotation | Failure:
        if reason := unusable(reply) or (unusable(check) if check else None):
            return Failure(trace.id, reason)
        if claims is None:
            return Annotation(claim_checks.scores(Checked()))
        verdicts = claim_checks.judged(check.text, len(claims)) if check else [] if not claims else None
        found = Checked(len(claims)) if verdicts is None else claim_checks.checked(verdicts, self.unknown)
        return Annotation(claim_checks.scores(found))
