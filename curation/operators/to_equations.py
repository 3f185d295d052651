"""Strip a solution with calculator marks down to its equations, the chain of thought of CODI and KaVa."""

from itertools import accumulate, pairwise
from typing import Literal

from curation.operator import Mapper
from curation.texts.marks import marks
from curation.trace import Segment, Trace, derive


class ToEquations(Mapper):
    """Keep a solution's calculator marks such as <<48/2=24>>, one a line; a trace without marks is left out."""

    op: Literal["to_equations"] = "to_equations"

    keeps_segments = True

    def map(self, trace: Trace) -> list[Trace]:
        """A child of equations alone, each a segment."""
        lines = [f"<<{mark.expression}={mark.value}>>\n" for mark in marks(trace.reasoning)]
        if not lines:
            return []
        lines[-1] = lines[-1].rstrip("\n")
        ends = accumulate(map(len, lines), initial=0)
        segments = tuple(Segment(start, stop, "attempt") for start, stop in pairwise(ends))
        return [derive(trace, reasoning="".join(lines), segments=segments)]
