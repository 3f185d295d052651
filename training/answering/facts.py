"""What strategies wrote beside their attempts, read back and summed up."""

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.models import Completion
from training.evaluate import scores

TOLD = ("n", "accuracy", "accuracy_low", "accuracy_high", "mean_tokens", "no_answer_rate")


def facts_of(table: pa.Table) -> list[dict[str, Any]]:
    """The facts of each row of SAMPLES."""
    return [json.loads(text) for text in table["facts"].to_pylist()]


def counted(table: pa.Table) -> pa.Table:
    """The rows that are no drafts."""
    return table.filter(pc.invert(table["draft"]))


def by_fact(table: pa.Table, name: str) -> dict[Any, pa.Table]:
    """Rows by the value of one of their facts, in the order in which the values come up."""
    values = [facts.get(name) for facts in facts_of(table)]
    return {one: table.filter(pa.array([value == one for value in values])) for one in dict.fromkeys(values)}


def share(values: Sequence[bool | float]) -> float | None:
    """The mean, None of nothing."""
    return fmean(values) if values else None


def spent(calls: Sequence[Completion]) -> tuple[int, int | None]:
    """Tokens generated and tokens read by all calls, the latter None where nobody counted them."""
    prompts = [call.n_prompt_tokens for call in calls]
    known = [one for one in prompts if one is not None]
    return sum(call.n_tokens for call in calls), sum(known) if len(known) == len(prompts) else None


def told(table: pa.Table) -> dict[str, float | None]:
    """Accuracy, its interval, tokens an answer and the share without one, of some of a strategy's attempts."""
    return {name: value for name, value in scores(table).items() if name in TOLD}
