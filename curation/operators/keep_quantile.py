"""Keep the share of rows with the lowest or highest values of a score, of all rows or within each group.

The tail of each domain's language-model loss (CCI4.0, "above the 99.5th percentile within its domain") is
`keep_quantile(score, share=0.995, group=subject)`.
"""

from typing import Literal

from pydantic import Field

from curation.comparing.grouping import group_of, needed, number_of
from curation.operator import Decision, Selector, literal
from curation.params import GroupName, Positive, ScoreName


class KeepQuantile(Selector):
    """Keep the share of rows whose score is lowest or highest; rows equal to the last one kept stay too."""

    op: Literal["keep_quantile"] = "keep_quantile"
    score: ScoreName = Field(description="Score compared")
    share: float = Field(0.5, description="Share of the rows kept", gt=0, le=1)
    side: Literal["lowest", "highest"] = Field("lowest", description="Which values stay")
    group: GroupName | None = Field(None, description="Rows compared with each other; empty for all")
    min_group: Positive = Field(20, description="Rows a group needs for a cut of its own", le=10_000)  # ours
    unknown: Literal["drop", "keep"] = Field("drop", description="What happens to rows without this score")

    def needs(self) -> tuple[str, ...]:
        """The score and the group."""
        return needed(self.score, self.group)

    def decide(self) -> Decision:
        """Compare with the quantile of the group, or of all rows where the group is small."""
        value, threshold = number_of(self.score), self._threshold()
        side, compare = ("above", "<=") if self.side == "lowest" else ("below", ">=")
        cut = literal(f"{self.score} is {side} the {self.share:.10g} {self.side} {self._of()}")
        reason = f"CASE WHEN ({value}) IS NULL THEN {literal(f'{self.score} is unknown')} ELSE {cut} END"
        keep = f"coalesce(({value}) {compare} {threshold}, {literal(self.unknown == 'keep')})"
        return Decision(value, keep, reason, threshold)

    def _of(self) -> str:
        return f"of its {self.group}" if self.group else "of all rows"

    def _threshold(self) -> str:
        everywhere = f"(SELECT {self._quantile()} FROM rows)"
        if self.group is None:
            return everywhere
        window = f"OVER (PARTITION BY {group_of(self.group)})"
        enough = f"count({number_of(self.score)}) {window} >= {self.min_group}"
        return f"CASE WHEN {enough} THEN {self._quantile(window)} ELSE {everywhere} END"

    def _quantile(self, window: str = "") -> str:
        """The value of the last row kept; mirrored for the highest, so that both sides count the same way."""
        sign = "" if self.side == "lowest" else "-"
        return f"({sign}quantile_disc({sign}({number_of(self.score)}), {self.share!r}) {window})"
