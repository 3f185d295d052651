"""What is written down of a trace that a model wrote: who wrote it, how it was asked, and what it cost."""

from collections.abc import Sequence
from typing import Any

from curation.asker import Asker
from curation.prompting.talks import Exchange

DIGITS = 9  # of costs and log-probabilities


def provenance(exchanges: Sequence[Exchange], model: str, asker: Asker) -> dict[str, Any]:
    """The sums over all calls that made a trace; unknown where one of them is, and of the last call how it ended.

    A call that several traces share counts for each of them; what was paid is in usage.jsonl.
    """
    receipts = [asker.receipt(model, *one) for one in exchanges]
    answers = [one.completion for one in exchanges]
    request = exchanges[-1].request
    found = [value for answer in answers for value in answer.log_probs or ()]
    cost = _sum([receipt.cost for receipt in receipts])
    return {
        "model": model,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "prompt_tokens": _sum([answer.n_prompt_tokens for answer in answers]),
        "generated_tokens": sum(answer.n_tokens for answer in answers),
        "cost": None if cost is None else round(cost, DIGITS),
        "finish_reason": answers[-1].finish_reason,
        "requests": [receipt.key for receipt in receipts],
        **({"mean_log_prob": round(sum(found) / len(found), DIGITS)} if found else {}),
    }


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
