"""Balance the values of a group: equal numbers of each, given quotas, or fewer rows in the same mix.

AlphaMed keeps 1,200 questions of each level of difficulty: `balance(group=difficulty, bins=6, each=1200)`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from curation.comparing.grouping import group_of, needed, number_of, shuffled
from curation.operator import Decision, Selector, literal
from curation.params import GroupName, Positive, Seed

Bins = Annotated[int, Field(ge=2, le=100)]
Quota = Annotated[int, Field(ge=0)]


class Balance(Selector):
    """Keep equally many rows of each value of a group, a quota of each, or a total in the mix there is now.

    Without a number every value gives as many rows as the rarest one has. A total is divided so that no value is
    asked for more than it has: the rest comes from the others.
    """

    op: Literal["balance"] = "balance"
    group: GroupName = Field(description="Column or score whose values are balanced")
    bins: Bins | None = Field(None, description="Bins of equal counts of a number, from 1 for the lowest")
    shares: Literal["equal", "same"] = Field("equal", description="Equal shares, or the same as now, of a total")
    total: Positive | None = Field(None, description="Rows kept in all")
    each: Positive | None = Field(None, description="Rows kept of each value")
    quotas: dict[str, Quota] | None = Field(None, description="Rows kept by value, none of others", min_length=1)
    seed: Seed = Field(0, description="Another seed chooses other rows")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(given is not None for given in (self.total, self.each, self.quotas)) > 1:
            raise ValueError("give one of total, each and quotas, or none for as many as the rarest value has")
        if self.shares == "same" and self.total is None:
            raise ValueError("shares same keeps the mix there is now and needs a total")
        return self

    def needs(self) -> tuple[str, ...]:
        """The group."""
        return needed(self.group)

    def decide(self) -> Decision:
        """Count along a shuffled order of each value's rows until its quota is full."""
        value, known = f"({self._value()})", f"({self._raw()}) IS NOT NULL"
        place = f"row_number() OVER (PARTITION BY {value} ORDER BY {shuffled('id', self.seed)})"
        quota = f"coalesce({self._quota(value)}, 0)"
        reason = (
            f"CASE WHEN {known} THEN {literal(f'enough of its {self.group}')} "
            f"ELSE {literal(f'{self.group} is unknown')} END"
        )
        return Decision(place, f"{known} AND {place} <= {quota}", reason, quota)

    def _raw(self) -> str:
        return group_of(self.group) if self.bins is None else number_of(self.group)

    def _value(self) -> str:
        """The value a row counts for, as text."""
        if self.bins is None:
            return f"CAST({self._raw()} AS VARCHAR)"
        number, cuts = self._raw(), [round(n / self.bins, 12) for n in range(1, self.bins)]
        edges = f"(SELECT quantile_disc({number}, {cuts}) FROM rows)"
        place = f"1 + len(list_filter({edges}, lambda e: e < {number}))"
        return f"CASE WHEN ({number}) IS NOT NULL THEN CAST({place} AS VARCHAR) END"

    def _quota(self, value: str) -> str:
        """Rows kept of a row's value."""
        if self.each is not None:
            return str(self.each)
        if self.quotas is not None:
            cases = " ".join(f"WHEN {literal(name)} THEN {count}" for name, count in self.quotas.items())
            return f"CASE {value} {cases} END"
        counts = f"SELECT {value} AS v, count(*) AS n FROM rows WHERE ({self._raw()}) IS NOT NULL GROUP BY v"
        if self.total is None:
            return f"(SELECT min(n) FROM ({counts}))"
        # rows are handed out one by one: to each value in turn, or in proportion (Webster's method)
        turn = "r" if self.shares == "equal" else "(r + 0.5) / n"
        handed = f"SELECT v, n, unnest(range(n)) AS r FROM ({counts})"
        quotas = f"SELECT v, count(*) AS n FROM (FROM ({handed}) ORDER BY {turn}, v LIMIT {self.total}) GROUP BY v"
        return f"(SELECT map(list(v), list(n)) FROM ({quotas}))[{value}]"
