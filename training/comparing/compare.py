"""Evaluated students on the same problems: who solves what, and whether the difference is more than chance.

Problems are paired; one that either student was trained on is left out. Of several attempts at a problem the mean
counts, and the permutation test and the bootstrap take the place of McNemar's test and Newcombe's interval.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

from curation.errors import UserError
from curation.intervals import Interval
from training.comparing.evaluations import Answered, Evaluation
from training.comparing.statistics import (
    Correction,
    corrected,
    detectable,
    mcnemar,
    needed,
    paired_bootstrap,
    paired_difference,
    permutation,
)

Outcome = Literal["both", "only_a", "only_b", "neither"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Agreement(NamedTuple):
    """Problems by who solved them; of several attempts, by who solved them more often."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def n(self) -> int:
        """All problems."""
        return sum(self)


class Comparison(NamedTuple):
    """The paired comparison; the difference is accuracy of a minus accuracy of b, with its 95 % interval.

    `interval` is Newcombe's and `p_value` McNemar's for single attempts, else the bootstrap's and the permutation
    test's. `needed` problems show a difference of this size, `detectable` is the smallest one these problems show;
    `trained_on` and `unshared` count the problems left out.
    """

    agreement: Agreement
    accuracy_a: float
    accuracy_b: float
    difference: float
    interval: Interval
    bootstrap: Interval | None
    test: Literal["McNemar", "permutation"]
    p_value: float
    permutation: float
    needed: int | None
    detectable: float | None
    trained_on: int
    unshared: int

    @property
    def n(self) -> int:
        """Problems compared."""
        return self.agreement.n

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {name: list(value) if isinstance(value, Interval) else value for name, value in self._asdict().items()}
        return {**plain, "agreement": self.agreement._asdict()}


class Against(NamedTuple):
    """A student beside the baseline: the comparison, or why there is none, and its p value corrected for them all."""

    evaluation: Evaluation
    comparison: Comparison | None
    corrected: float | None
    refused: str = ""


def pair(a: Evaluation, b: Evaluation) -> list[tuple[Answered, Answered]]:
    """The problems both answered and neither was trained on, in the order of a; UserError when there is none."""
    known = {answer.problem_id: answer for answer in b.clean()}
    pairs = [(answer, known[answer.problem_id]) for answer in a.clean() if answer.problem_id in known]
    if not pairs:
        shared = len(a.answers.keys() & b.answers.keys())
        raise UserError(
            f"{a.name} and {b.name} share {shared} problems of {len(a.answers)} and {len(b.answers)}, and none that "
            "neither was trained on: evaluate both on the same benchmark, one whose problems are not in their sets."
        )
    return pairs


def compare(a: Evaluation, b: Evaluation, seed: int = 0) -> Comparison:
    """The paired comparison of two evaluations; `seed` is that of the bootstrap and of drawn permutations."""
    pairs = pair(a, b)
    shared = a.answers.keys() & b.answers.keys()
    agreement = agree([(x.right, y.right) for x, y in pairs])
    n, differences = len(pairs), [x.right - y.right for x, y in pairs]
    difference, square = sum(differences) / n, sum(value**2 for value in differences) / n
    single = all(answer.attempts == 1 for both in pairs for answer in both)
    newcombe, bootstrap = paired_difference(*agreement), paired_bootstrap(differences, seed)
    chance = permutation(differences, seed)
    # of several attempts that never differ no problem can be drawn to show another mean
    interval = newcombe if single else bootstrap or Interval(difference, difference)
    return Comparison(
        agreement=agreement,
        accuracy_a=sum(x.right for x, _ in pairs) / n,
        accuracy_b=sum(y.right for _, y in pairs) / n,
        difference=difference,
        interval=interval or Interval(-1.0, 1.0),
        bootstrap=bootstrap,
        test="McNemar" if single else "permutation",
        p_value=mcnemar(agreement.only_a, agreement.only_b) if single else chance,
        permutation=chance,
        needed=needed(difference, square),
        detectable=detectable(n, square),
        trained_on=len(shared & (a.seen | b.seen)),
        unshared=len(a.answers.keys() ^ b.answers.keys()),
    )


def against(baseline: Evaluation, others: Sequence[Evaluation], how: Correction = "holm") -> list[Against]:
    """Every other evaluation compared with the baseline, p values corrected for as many comparisons."""
    found = [_against(baseline, other) for other in others]
    p_values = iter(corrected([one.comparison.p_value for one in found if one.comparison], how))
    return [one._replace(corrected=next(p_values)) if one.comparison else one for one in found]


def _against(baseline: Evaluation, other: Evaluation) -> Against:
    try:
        return Against(other, compare(other, baseline), None)
    except UserError as error:
        return Against(other, None, None, str(error))


def agree(shares: Sequence[tuple[float, float]]) -> Agreement:
    """How often both, one or neither solved a problem."""
    outcomes = [outcome(a, b) for a, b in shares]
    return Agreement(*(outcomes.count(name) for name in OUTCOMES))


def outcome(a: float, b: float) -> Outcome:
    """Who solved a problem; of several attempts, who solved it more often."""
    if a != b:
        return "only_a" if a > b else "only_b"
    return "both" if a >= 0.5 else "neither"


def verdict(result: Comparison, p_value: float | None = None) -> str:
    """What the comparison shows, in one or two sentences."""
    chance = result.p_value if p_value is None else p_value
    points, low, high = (100 * value for value in (result.difference, *result.interval))
    said = f"{points:+.1f} points ({low:+.1f} to {high:+.1f}), p = {chance:.2g}: "
    said += "more than chance." if chance < 0.05 else "may be chance."
    if result.detectable is not None:
        said += f" {result.n:,} problems show a difference of {100 * result.detectable:.1f} points"
        said += f"; the seen one needs about {result.needed:,}." if result.needed else "."
    return said


def left_out(result: Comparison) -> str:
    """Which problems were not compared, in words; empty when all were."""
    causes = {
        "that one of them saw in training": result.trained_on,
        "that only one of them answered": result.unshared,
    }
    parts = [f"{count:,} {why}" for why, count in causes.items() if count]
    return f"Compared on {result.n:,} problems; left out: {' and '.join(parts)}." if parts else ""
