"""What asking cost: one line of usage.jsonl for every answer a row got, and the totals of a run."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from curation.job import cut_half_line
from curation.models import Completion

ENDED = "ended_"  # before how an answer ended, in a line of metrics.jsonl


class Price(NamedTuple):
    """What a million prompt tokens and a million generated tokens cost; None where nobody said."""

    prompt: float | None = None
    generated: float | None = None

    def cost(self, completion: Completion) -> float | None:
        """The cost of one answer; unknown where a price or a count is."""
        if self.prompt is None or self.generated is None or completion.n_prompt_tokens is None:
            return None
        return (completion.n_prompt_tokens * self.prompt + completion.n_tokens * self.generated) / 1e6


UNPRICED = Price()


class Call(NamedTuple):
    """Who asked what of whom: the row it is for, the step, the model, and the key of the request."""

    row: str
    step: str
    model: str
    key: str


@dataclass
class Totals:
    """Sums over the answers of a run; `cost` covers the paid answers of known price, `unpriced` counts the others."""

    answers: int = 0
    kept: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def as_metrics(self) -> dict[str, Any]:
        """As values of a line of metrics.jsonl."""
        endings = {f"{ENDED}{name}": count for name, count in sorted(self.endings.items())}
        cost = None if self.unpriced else round(self.cost, 6)
        return {
            "answers": self.answers, "kept": self.kept, "prompt_tokens": self.prompt_tokens,
            "generated_tokens": self.generated_tokens, "cost": cost, **endings,
        }  # fmt: skip


class Meter:
    """Writes usage.jsonl; a resumed run goes on with the totals of the sessions before."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what an earlier session wrote; without a path only totals are kept."""
        self.path, self.totals = path, Totals()
        self._known: set[tuple[str, str, str]] = set()
        self._paid: set[str] = set()
        if path and path.exists():
            cut_half_line(path)
            for line in path.read_text(encoding="utf-8").splitlines():
                self._count(json.loads(line))

    def record(self, call: Call, completion: Completion, kept: bool, price: Price) -> None:
        """Count an answer; `kept` says that an earlier run paid for it. One already counted counts once."""
        if completion.failure is None and (call.row, call.step, call.key) in self._known:
            return
        paid = not kept and call.key not in self._paid
        values = {
            **call._asdict(), "paid": paid, "prompt_tokens": completion.n_prompt_tokens,
            "generated_tokens": completion.n_tokens, "cost": price.cost(completion) if paid else 0.0,
            "ended": completion.cause or completion.finish_reason,
        }  # fmt: skip
        self._count(values)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

    def _count(self, values: dict[str, Any]) -> None:
        totals = self.totals
        totals.answers += 1
        totals.endings[values["ended"]] += 1
        self._known.add((values["row"], values["step"], values["key"]))
        if not values["paid"]:
            totals.kept += 1
            return
        self._paid.add(values["key"])
        totals.prompt_tokens += values["prompt_tokens"] or 0
        totals.generated_tokens += values["generated_tokens"]
        totals.cost += values["cost"] or 0.0
        totals.unpriced += values["cost"] is None
