"""Let a model say which of two traces of the same problem is better, in both orders."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, StringConstraints, field_validator

from curation.asker import Asker
from curation.models import Request
from curation.operator import CorpusAnnotator, ScoreType
from curation.params import ModelName, Positive, Seed
from curation.prompting.pairs import REPLY, SCHEMA, Pair, Verdict, better, pairs, record, verdict
from curation.prompting.prompts import PromptText, chat, checked, shipped
from curation.prompting.replies import unusable
from curation.trace import Trace

TEXT = pa.string()


class JudgePairs(CorpusAnnotator):
    """Compare traces of the same problem by a model, each pair in both orders; a win needs both, else it is a tie.

    `_won` is the share of comparisons won, ties half; `_first` is above 0 where the judge leans to the trace shown
    first, below 0 where to the second. A comparison of which a reply cannot be read is counted apart.
    """

    op: Literal["judge_pairs"] = "judge_pairs"
    model: ModelName = Field(description="Model that judges")
    label_name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        "pairs", description="What the scores' names begin with"
    )
    across: bool = Field(True, description="Compare traces of different models only")
    baseline: str = Field("", description="Model every other is compared with; empty for all with all")
    most: Positive = Field(4, description="Most pairs of a problem")  # ours
    prompt: PromptText = Field(shipped("judge_pairs", "better"), description="What the model is asked")
    max_new_tokens: Positive = Field(1024, description="Longest reply, tokens")  # ours
    temperature: float = Field(0.0, ge=0, le=2, description="Randomness of the reply")
    seed: Seed = Field(0, description="Another seed compares other pairs")

    slots: ClassVar[tuple[str, ...]] = ("question", "reference", "first", "second", "reply")
    sketch_type = pa.struct([("question", TEXT), ("reference", TEXT), ("text", TEXT)])

    @field_validator("prompt")
    @classmethod
    def _complete(cls, prompt: str) -> str:
        return checked(prompt, ("question", "first", "second", "reply"))

    def asks(self) -> tuple[str, ...]:
        """The judge."""
        return (self.model,)

    def adds(self) -> dict[str, ScoreType]:
        """The share won, the comparisons read and not read, and the judge's leaning to the first place."""
        return {f"{self.label_name}_{name}": "number" for name in ("won", "n", "unread", "first")}

    def request(self, trace: Trace) -> Request:
        """The trace compared with itself."""
        text = self.sketch(trace)
        return self._request(text, text)

    def sketch(self, trace: Trace) -> dict[str, str]:
        """What the judge is shown."""
        reference = trace.problem.reference or "unknown"
        return {"question": trace.question, "reference": reference, "text": f"{trace.reasoning}\n\n{trace.answer}"}

    def conclude(self, rows: pa.Table) -> pa.Table:
        """Nobody judges without a model."""
        raise TypeError(f"{self.title()} asks {self.model}")

    def conclude_with(self, rows: pa.Table, asker: Asker) -> pa.Table:
        """Judge every pair in both orders, then keep each trace's record."""
        light = rows.select(["id", "problem_id", "model"]).filter(rows.column("sketch").is_valid()).to_pylist()
        chosen = pairs(light, self.most, self.seed, self.across, self.baseline)
        place = {one: number for number, one in enumerate(rows.column("id").to_pylist())}
        shown = {one: rows.column("sketch")[place[one]].as_py() for pair in chosen for one in pair}
        judged = list(zip(chosen, self._judged(chosen, shown, asker), strict=True))
        mine: dict[str, list[tuple[Pair, Verdict]]] = {one: [] for one in place}
        for pair, found in judged:
            mine[pair.one].append((pair, found))
            mine[pair.other].append((pair, found))
        records = [record(one, mine[one]) for one in place]
        columns = [pa.array([one[n] for one in records], pa.float64()) for n in range(len(self.adds()))]
        return pa.table([rows.column("id"), *columns], names=["id", *self.adds()])

    def _judged(self, chosen: Sequence[Pair], shown: dict[str, dict[str, str]], asker: Asker) -> list[Verdict]:
        ordered = [order for pair in chosen for order in (pair, Pair(pair.other, pair.one))]
        if not ordered:
            return []
        requests = [self._request(shown[first], shown[second]) for first, second in ordered]
        found = asker.complete(self.model, requests, [first for first, _ in ordered])
        said = [None if unusable(one, whole=False) else better(one.text) for one in found]
        return [verdict(*both) for both in zip(said[::2], said[1::2], strict=True)]

    def _request(self, first: dict[str, str], second: dict[str, str]) -> Request:
        slots = {**first, "first": first["text"], "second": second["text"], "reply": REPLY}
        return Request(chat(self.prompt, slots), self.max_new_tokens, self.temperature, self.seed, json_schema=SCHEMA)
