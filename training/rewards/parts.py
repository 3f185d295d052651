"""The parts a reward is made of: small functions of one rollout, by the name an expression calls them.

Parameters after the rollout are those an expression may set, as in `budget(kappa=0.25)`.
"""

import math
import re
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from curation.answers import compare
from curation.errors import UserError
from curation.operators.run_program import program_of
from curation.params import Count, Fraction, Positive
from curation.rendering import CLOSE, OPEN
from curation.sandbox import SANDBOX, Limits
from curation.trace import Problem, Trace
from training.answering.step_scorer import largest_drop
from training.rewards.rollout import Rollout

ROLE = re.compile(r"\b([A-Z][a-z]+) is an? (knight|knave)\b")
Part = Callable[..., float]
T = TypeVar("T")
Above0 = Annotated[float, Field(gt=0)]


def accuracy(rollout: Rollout) -> float:
    """1 where the answer equals the reference."""
    found = rollout.final
    if found is None:
        return 0.0
    wanted = roles(rollout.reference)
    return float(roles(rollout.whole) == wanted if wanted else compare(found, rollout.reference).equal)


def answer(rollout: Rollout) -> float:
    """1 where an answer can be read; of knights and knaves, where it names the people asked about and no other."""
    wanted = roles(rollout.reference)
    return float(set(roles(rollout.whole)) == set(wanted) if wanted else rollout.final is not None)


def format(rollout: Rollout) -> float:
    """1 for one think block, opened and closed once, then an answer."""
    before, _, rest = rollout.whole.partition(OPEN)
    _, _, after = rest.partition(CLOSE)
    once = rollout.whole.count(OPEN) == rollout.whole.count(CLOSE) == 1
    return float(once and not before.strip() and bool(after.strip()) and rollout.finished)


def budget(
    rollout: Rollout, *, kappa: Above0 = 0.5, mode: Literal["upper", "target"] = "upper", rho_low: Fraction = 0.5
) -> float:
    """1 up to the budget of tokens, falling to 0 at (1 + kappa) times it; a target also asks for rho_low of it."""
    # BARD says that the budget bounds the tokens; the slope and both numbers are ours
    wanted = needed(rollout.budget, "budget", "give 'budgets'")
    if mode == "target" and rollout.n_tokens < rho_low * wanted:
        return rollout.n_tokens / (rho_low * wanted)
    return 1.0 if rollout.n_tokens <= wanted else max(0.0, 1 - (rollout.n_tokens - wanted) / (kappa * wanted))


def length(rollout: Rollout, *, cap: Positive | None = None, curve: Literal["linear", "cosine"] = "cosine") -> float:
    """1 for nothing, falling to 0 at the cap of tokens."""
    share = min(1.0, rollout.n_tokens / needed(cap or rollout.cap, "length", "write length(cap=512)"))
    return 1 - share if curve == "linear" else (1 + math.cos(math.pi * share)) / 2


def overlong(rollout: Rollout, *, cap: Positive | None = None, cache: Count = 128) -> float:
    """0 up to cache tokens below the cap, from there falling to -1 at it, as in DAPO, equation 13."""
    longest = needed(cap or rollout.cap, "overlong", "write overlong(cap=512)")
    past = rollout.n_tokens - (longest - cache)
    return 0.0 if past <= 0 else max(-1.0, -past / cache if cache else -1.0)


def repetition(rollout: Rollout, *, n: Positive = 3) -> float:
    """0 where no n tokens come twice, down to -1 where all do (Demystifying Long CoT, appendix C.2)."""
    grams = [rollout.token_ids[place : place + n] for place in range(rollout.n_tokens - n + 1)]
    return len(set(grams)) / len(grams) - 1 if grams else 0.0


def tool_use(rollout: Rollout, *, seconds: Above0 = 2.0) -> float:
    """1 where a program is written that runs in the sandbox and gives a value."""
    program = program_of(Trace(Problem(rollout.question), rollout.whole))
    if program is None:
        return 0.0
    found = SANDBOX.run(program, Limits(seconds=seconds))
    return float(found.ending == "finished" and found.value is not None)


def steps(rollout: Rollout, *, rho: Fraction = 0.3, gamma: Fraction = 0.5) -> float:
    """1 without a drop in the step scores, 1 - gamma where one falls by rho of the score before it (PS-GRPO)."""
    # URSA: "drop-moment" if the largest relative fall reaches rho = 0.3; gamma = 0.5
    scores = needed(rollout.step_scores, "steps", "name a 'step_scorer'")
    return 1 - gamma if largest_drop(scores) >= rho else 1.0


def roles(text: str) -> dict[str, str]:
    """Who is said to be a knight or a knave, the last word on each counting; of a completion, its answer only."""
    opened, answer = OPEN in text, text.rpartition(CLOSE)[2]
    return {} if opened and CLOSE not in text else dict(ROLE.findall(answer))


def needed(value: T | None, part: str, remedy: str) -> T:
    """The value a part cannot do without."""
    if value is None:
        raise UserError(f"The reward part '{part}' has nothing to measure against: {remedy}.")
    return value


PARTS: dict[str, Part] = {
    part.__name__: part for part in (accuracy, answer, format, budget, length, overlong, repetition, tool_use, steps)
}
