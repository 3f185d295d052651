"""What generating will take, told before it starts: calls, tokens, money and time; what nobody knows stays None.

Limits bound it from above; what the model did in earlier runs in the same mode tells what is usual.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import ceil
from random import Random
from typing import Any, NamedTuple

from curation.backends.meter import Price
from curation.connection import Connection
from curation.generating.progress import Progress, summed
from curation.operator import Failure, guarded
from curation.operators.generate import Generate
from curation.runs import Run
from curation.trace import Problem, Trace
from curation.tuning.estimate import cost, prompt_tokens

SAMPLE = 100  # ours: problems whose prompts are counted; their mean stands for the others
RUNS = 5  # ours: earlier runs that are looked at


class Past(NamedTuple):
    """What a model did in earlier runs: traces, and the paid calls, tokens and seconds they took."""

    traces: float = 0
    calls: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0

    @property
    def pace(self) -> float | None:
        """Generated tokens a second."""
        return self.generated_tokens / self.seconds if self.generated_tokens and self.seconds > 0 else None


class Forecast(NamedTuple):
    """`most_` values are limits; of prompts that name earlier answers only the first is counted: `several`."""

    traces: int
    most_calls: int
    several: bool
    prompt_tokens: int
    most_tokens: int
    most_cost: float | None
    usual_tokens: int | None
    usual_cost: float | None
    seconds: float | None


def forecast(step: Generate, problems: Sequence[Problem], price: Price, past: Past) -> Forecast:
    """What generating for these problems takes."""
    drawn = Random(0).sample(problems, min(SAMPLE, len(problems)))
    asked = [guarded(step.request, Trace(problem, "")) for problem in drawn]
    counts = [prompt_tokens(one) for one in asked if not isinstance(one, Failure)]
    rows = round(len(problems) * len(counts) / max(1, len(drawn)))  # those it can be asked about
    traces = rows * step.per_problem()
    calls, several = traces * most_calls(step), most_calls(step) > 1
    prompts = round(traces * sum(counts) / max(1, len(counts)))
    share = traces / past.traces if past.traces else None
    usual = None if share is None else round(past.generated_tokens * share)
    return Forecast(
        traces, calls, several, prompts, calls * step.max_new_tokens,
        None if several else cost(price, prompts, traces * step.max_new_tokens),
        usual,
        None if share is None else cost(price, past.prompt_tokens * share, past.generated_tokens * share),
        None if usual is None or past.pace is None else usual / past.pace,
    )  # fmt: skip


def most_calls(step: Generate) -> int:
    """The most calls of one trace."""
    if step.mode == "stepwise":
        return step.max_steps + 1
    if step.mode == "outline":
        written = max(ceil(share * (step.steps or step.max_steps)) for share in step.budgets)
        return (not step.steps) + 1 + written + 1
    return 1 + bool(step.first_prompt)


def price_of(connection: Connection) -> Price:
    """The price a connection names, if any."""
    values = connection.parameters()
    return Price(values.get("prompt_price"), values.get("generated_price"))


def past_of(step: Generate, runs: Iterable[Run]) -> Past:
    """What the newest of these runs tell about the step's model in its mode."""
    same = (run for run in runs if _alike(step, run.request.spec["step"]))
    return told([run.metrics() for run, _ in zip(same, range(RUNS), strict=False)])


def _alike(step: Generate, values: Mapping[str, Any]) -> bool:
    return (values["model"], values["mode"]) == (step.model, step.mode)


def told(runs: Sequence[Sequence[Mapping[str, Any]]]) -> Past:
    """The sums over the metrics of runs; answers kept from before cost nothing, so their share is left out."""
    paid = [(summed(lines), _seconds(lines)) for lines in runs]
    return Past(
        sum(_paid_traces(found) for found, _ in paid),
        sum(found.answers - found.kept for found, _ in paid),
        sum(found.prompt_tokens or 0 for found, _ in paid),
        sum(found.generated_tokens or 0 for found, _ in paid),
        sum(seconds for found, seconds in paid if found.answers > found.kept),
    )


def _paid_traces(found: Progress) -> float:
    return found.traces * (found.answers - found.kept) / found.answers if found.answers else 0.0


def _seconds(lines: Sequence[Mapping[str, Any]]) -> float:
    """The time of all sessions of a run; each begins anew at zero."""
    times = [float(line["time"]) for line in lines if "time" in line]
    ends = [before for before, after in pairwise(times) if after < before]
    return sum(ends) + (times[-1] if times else 0.0)
