"""Keep the best traces of each problem by a score."""

from typing import Literal

from pydantic import Field

from curation.comparing.grouping import needed, number_of
from curation.operator import Decision, Selector, literal
from curation.params import Positive, ScoreName


class TopPerProblem(Selector):
    """Keep the n traces of each problem with the highest or lowest score; of equals, the first come."""

    op: Literal["top_per_problem"] = "top_per_problem"
    score: ScoreName = Field(description="Score that ranks the traces of a problem")
    n: Positive = Field(1, description="Traces kept of each problem", le=64)
    side: Literal["highest", "lowest"] = Field("highest", description="Which values stay")

    def needs(self) -> tuple[str, ...]:
        """The score."""
        return needed(self.score)

    def decide(self) -> Decision:
        """Rank within the problem; the dropped name the problem's best trace."""
        score = number_of(self.score)
        order = "DESC" if self.side == "highest" else "ASC"
        window = f"(PARTITION BY problem_id ORDER BY ({score}) {order} NULLS LAST, pos)"
        rank, known = f"row_number() OVER {window}", f"({score}) IS NOT NULL"
        best = f"not the trace of its problem with the {self.side} {self.score}"
        if self.n > 1:
            best = f"not among the {self.n} traces of its problem with the {self.side} {self.score}"
        return Decision(
            value=f"CASE WHEN {known} THEN {rank} END",
            keep=f"{known} AND {rank} <= {self.n}",
            reason=f"CASE WHEN {known} THEN {literal(best)} ELSE {literal(f'{self.score} is unknown')} END",
            threshold=str(self.n),
            other=f"CASE WHEN {known} THEN first_value(id) OVER {window} END",
        )
