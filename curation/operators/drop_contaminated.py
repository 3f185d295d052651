"""Drop the traces that find_contamination flagged."""

from typing import Literal

from curation.comparing.grouping import number_of
from curation.operator import Decision, Selector, column


class DropContaminated(Selector):
    """Drop traces flagged as contaminated by a benchmark; those nobody could check go too."""

    op: Literal["drop_contaminated"] = "drop_contaminated"

    def needs(self) -> tuple[str, ...]:
        """The flag and the share behind it."""
        return ("contaminated", "contamination")

    def decide(self) -> Decision:
        """Keep what is known to be clean; the threshold is the smallest share that was flagged."""
        flag, value = column("contaminated"), number_of("contamination")
        reason = f"CASE WHEN {flag} IS NULL THEN 'contaminated is unknown' ELSE 'repeats a benchmark question' END"
        return Decision(value, f"NOT {flag}", reason, f"(SELECT min({value}) FROM rows WHERE {flag})")
