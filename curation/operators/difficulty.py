"""Rate how hard each problem is, from how often its traces are right."""

from typing import Literal

from pydantic import Field

from curation.operator import QueryAnnotator, ScoreType, column
from curation.params import Positive, ScoreName


class Difficulty(QueryAnnotator):
    """Rate each problem by the share of its traces that are wrong, or by length where too few are checked.

    The fallback is the percent rank of the problem's mean length among all problems; `difficulty_basis` says which.
    """

    op: Literal["difficulty"] = "difficulty"
    correct: ScoreName = Field("correct", description="Flag that tells right traces from wrong ones")
    min_traces: Positive = Field(2, description="Fewest checked traces of a problem for a pass rate", le=64)  # ours

    about = "problem"

    def needs(self) -> tuple[str, ...]:
        """The correctness flag."""
        return (self.correct,)

    def adds(self) -> dict[str, ScoreType]:
        """The difficulty from 0 to 1, what it rests on, and the pass rate where known."""
        return {"difficulty": "number", "difficulty_basis": "category", "pass_rate": "number"}

    def query(self) -> str:
        """One value a problem, repeated on its rows."""
        flag = column(self.correct)
        return f"""
            WITH problems AS (
                SELECT problem_id, count({flag}) AS checked, avg(CAST({flag} AS INTEGER)) AS rate,
                       avg(n_chars) AS mean_chars
                FROM rows GROUP BY problem_id
            ), ranked AS (
                SELECT problem_id, percent_rank() OVER (ORDER BY mean_chars) AS length_rank,
                       CASE WHEN checked >= {self.min_traces} THEN rate END AS pass_rate
                FROM problems
            )
            SELECT rows.id, coalesce(1 - pass_rate, length_rank) AS difficulty,
                   CASE WHEN pass_rate IS NULL THEN 'length_rank' ELSE 'pass_rate' END AS difficulty_basis, pass_rate
            FROM rows JOIN ranked USING (problem_id)"""
