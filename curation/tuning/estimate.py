"""What asking about all rows would take: by the rows that were tried, or at most, before any was.

An estimate by tried rows takes each row for as dear as they were on the average. Its time is that of asking one row
after another as the trial did: a longer run keeps more requests going at once, so it is seldom slower.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from curation.backends.meter import UNPRICED, Price
from curation.models import Request
from curation.operator import Failure, Operator, guarded
from curation.texts.tokens import estimate_tokens
from curation.trace import Trace

ANSWERED = ("stop", "length", "filtered")  # how an answer ends that is paid for


class Estimate(NamedTuple):
    """Calls, tokens, money and seconds for `rows`; None where unknown. Without tried rows it says what is the most."""

    rows: int
    tried: int
    calls: int
    prompt_tokens: int
    generated_tokens: int
    cost: float | None
    seconds: float | None


class Tally(NamedTuple):
    """What the answers about some rows came to; `cost` as if each were paid for, None where a price is unknown."""

    calls: int
    prompt_tokens: int
    generated_tokens: int
    cost: float | None
    paid: int  # calls that were not kept from before


def tally(lines: Sequence[Mapping[str, Any]], prices: Mapping[str, Price]) -> Tally:
    """The sums over lines of usage.jsonl."""
    costs = [_cost(line, prices.get(line["model"], UNPRICED)) for line in lines]
    known = [cost for cost in costs if cost is not None]
    return Tally(
        len(lines),
        sum(line["prompt_tokens"] or 0 for line in lines),
        sum(line["generated_tokens"] for line in lines),
        sum(known) if len(known) == len(costs) else None,
        sum(bool(line["paid"]) for line in lines),
    )


def _cost(line: Mapping[str, Any], price: Price) -> float | None:
    if line["ended"] not in ANSWERED:
        return 0.0
    return None if line["prompt_tokens"] is None else cost(price, line["prompt_tokens"], line["generated_tokens"])


def by_trial(found: Tally, tried: int, seconds: float, rows: int) -> Estimate:
    """What `rows` would take if they are like those tried; no pace is known where every answer was kept."""
    share = rows / tried
    return Estimate(
        rows,
        tried,
        round(found.calls * share),
        round(found.prompt_tokens * share),
        round(found.generated_tokens * share),
        None if found.cost is None else found.cost * share,
        seconds * rows * found.calls / (found.paid * tried) if found.paid else None,
    )


def at_most(step: Operator, traces: Sequence[Trace], rows: int, price: Price = UNPRICED) -> Estimate | None:
    """The most `rows` can take if each is asked about once; None where no prompt can be made of any trace."""
    found = [guarded(step.request, trace) for trace in traces]
    requests = [one for one in found if not isinstance(one, Failure)]
    if not requests:
        return None
    share = rows / len(requests)
    prompts = round(sum(map(prompt_tokens, requests)) * share)
    generated = round(sum(request.max_new_tokens for request in requests) * share)
    return Estimate(rows, 0, rows, prompts, generated, cost(price, prompts, generated), None)


def cost(price: Price, prompt: float, generated: float) -> float | None:
    """Money for so many tokens; unknown where a price is."""
    if price.prompt is None or price.generated is None:
        return None
    return (prompt * price.prompt + generated * price.generated) / 1e6


def prompt_tokens(request: Request) -> int:
    """About how many tokens a prompt has; the chat template's own are not counted."""
    texts = [request.prompt] if isinstance(request.prompt, str) else [one["content"] for one in request.prompt]
    return sum(map(estimate_tokens, [*texts, request.prefix]))
