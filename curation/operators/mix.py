"""Mix sources in given proportions, counted in rows or in tokens.

Mix distillation (a fifth long traces, the rest short ones) is `join_sources`, then `mix` with `one_per_problem`.
"""

from itertools import accumulate
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from curation.comparing.grouping import needed, number_of, shuffled
from curation.operator import Decision, Selector, column, literal
from curation.params import GroupName, Positive, Seed

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Mix(Selector):
    """Keep rows of each source in the given ratio: as many as there are, or up to a total.

    With `one_per_problem` the ratio divides the problems: each goes to one source, which its traces must have.
    """

    op: Literal["mix"] = "mix"
    ratios: dict[str, Weight] = Field(description="Parts of each source, as in {long: 1, short: 4}", min_length=1)
    by: GroupName = Field("model", description="Column that names a trace's source")
    unit: Literal["rows", "tokens"] = Field("rows", description="What is counted; tokens need count_tokens")
    total: Positive | None = Field(None, description="Rows or tokens kept at most; empty for all the ratio allows")
    one_per_problem: bool = Field(False, description="Keep one trace a problem and divide the problems")
    seed: Seed = Field(0, description="Another seed chooses other rows")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not sum(self.ratios.values()):
            raise ValueError("ratios must give some source more than 0")
        if self.one_per_problem and self.unit == "tokens":
            raise ValueError("one_per_problem divides problems, so it goes with the unit rows only")
        return self

    def needs(self) -> tuple[str, ...]:
        """The source and, where they are counted, the tokens."""
        return needed(self.by, "n_tokens" if self.unit == "tokens" else None)

    def decide(self) -> Decision:
        """Count along a shuffled order until a source's quota is full, in rows, tokens or problems."""
        return self._by_problem() if self.one_per_problem else self._by_source()

    @property
    def _source(self) -> str:
        return f"CAST({column(self.by)} AS VARCHAR)"

    def _by_source(self) -> Decision:
        window = f"OVER (PARTITION BY {self._source} ORDER BY {shuffled('id', self.seed)}"
        taken, quota = f"row_number() {window})", self._quotas("high - low")
        if self.unit == "tokens":
            tokens = f"({number_of('n_tokens')})"
            taken = f"CASE WHEN {tokens} IS NOT NULL THEN sum({tokens}) {window} ROWS UNBOUNDED PRECEDING) END"
        reason = f"WHEN ({taken}) IS NULL THEN 'n_tokens is unknown' ELSE 'enough of ' || {self._source}"
        return Decision(taken, f"({taken}) <= {quota}", self._reason(reason), quota)

    def _by_problem(self) -> Decision:
        """Problems in a shuffled order, a stretch of them to each source."""
        place = f"dense_rank() OVER (ORDER BY {shuffled('problem_id', self.seed)})"
        first = f"row_number() OVER (PARTITION BY problem_id, {self._source} ORDER BY {shuffled('id', self.seed)}) = 1"
        mine = f"({place} > {self._quotas('low')} AND {place} <= {self._quotas('high')})"
        reason = (
            f"WHEN {mine} THEN {literal(f'its problem has a trace of its {self.by}')} WHEN {place} > {self._total()} "
            f"THEN 'the total is reached' ELSE {literal(f'its problem goes to another {self.by}')}"
        )
        return Decision(place, f"{mine} AND {first}", self._reason(reason), self._quotas("high"))

    def _reason(self, cases: str) -> str:
        """Why a row goes: first of all because its source is not in the mix, or another one has no rows."""
        outside, empty = literal(f"{self.by} is not in the mix"), f"a {self.by} of the mix has no rows"
        listed = f"{self._source} IN ({', '.join(map(literal, self._shares()))})"
        return (
            f"CASE WHEN NOT coalesce({listed}, FALSE) THEN {outside} WHEN {self._total()} = 0 THEN {literal(empty)} "
            f"{cases} END"
        )

    def _quotas(self, value: str) -> str:
        """A value of the row's source, from where its stretch of the total begins (low) and ends (high).

        The ends are rounded once, so that the quotas add up to the total.
        """
        shares = self._shares()
        cuts = [0.0, *accumulate(shares.values())]
        ends = (f"({literal(n)}, {low!r}, {high!r})" for n, low, high in zip(shares, cuts, cuts[1:], strict=False))
        total = f"(SELECT {self._total()} AS t)"
        cut = "SELECT name, round(low * t) AS low, round(high * t) AS high"
        rounded = f"{cut} FROM (VALUES {', '.join(ends)}) AS ends(name, low, high), {total}"
        return f"(SELECT map(list(name), list({value})) FROM ({rounded}))[{self._source}]"

    def _total(self) -> str:
        """The largest total that every source can give its part of."""
        limits = [str(self.total)] if self.total else []
        if self.one_per_problem:
            limits.append("count(DISTINCT problem_id)")
        else:
            amount = "count(*)" if self.unit == "rows" else f"sum({number_of('n_tokens')})"
            limits += [
                f"coalesce({amount} FILTER (WHERE {self._source} = {literal(name)}), 0) / {share!r}"
                for name, share in self._shares().items()
            ]
        return f"(SELECT floor(least({', '.join(limits)}) + 1e-6) FROM rows)"  # 0.3 of 10 may be 2.9999999999999996

    def _shares(self) -> dict[str, float]:
        whole = sum(self.ratios.values())
        return {name: ratio / whole for name, ratio in self.ratios.items() if ratio}
