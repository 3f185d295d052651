"""Keep the problems that every source has a trace of, so that each source is left with the same problems.

Mix distillation and the comparison of teachers need this: a student of one teacher and a student of another then
differ in the teacher alone.
"""

from typing import Literal

from pydantic import Field

from curation.comparing.grouping import needed
from curation.operator import Decision, Selector, column, literal
from curation.params import GroupName


class JoinSources(Selector):
    """Keep the problems that have traces from every source, and of those only the sources' traces."""

    op: Literal["join_sources"] = "join_sources"
    by: GroupName = Field("model", description="Column that names a trace's source")
    sources: list[str] | None = Field(None, description="Sources required; empty for all there are", min_length=1)

    def needs(self) -> tuple[str, ...]:
        """The column of the sources."""
        return needed(self.by)

    def decide(self) -> Decision:
        """Count the sources of each row's problem."""
        source = f"CAST({column(self.by)} AS VARCHAR)"
        listed = "" if self.sources is None else ", ".join(literal(name) for name in self.sources)
        chosen = f"{source} IN ({listed})" if listed else f"{source} IS NOT NULL"
        found = f"count(DISTINCT {source}) FILTER (WHERE {chosen}) OVER (PARTITION BY problem_id)"
        wanted = str(len(set(self.sources))) if self.sources else f"(SELECT count(DISTINCT {source}) FROM rows)"
        # a row without source is decided first: `chosen` is NULL for it
        keep = f"coalesce({chosen}, FALSE) AND {found} = {wanted}"
        other = literal(f"{self.by} is none of the sources" if self.sources else f"{self.by} is unknown")
        reason = f"CASE WHEN coalesce({chosen}, FALSE) THEN {self._missing(source)} ELSE {other} END"
        return Decision(found, keep, reason, wanted)

    def _missing(self, source: str) -> str:
        """The first source the problem lacks."""
        if self.sources is None:
            return literal("a source lacks its problem")
        lacking = (
            f"WHEN NOT coalesce(bool_or({source} = {literal(name)}) OVER (PARTITION BY problem_id), FALSE) "
            f"THEN {literal(f'{name} lacks its problem')}"
            for name in self.sources
        )
        return f"CASE {' '.join(lacking)} END"
