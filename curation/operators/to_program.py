"""Programs of thought without a model: from the calculator marks of a solution."""

from typing import Literal

from curation.operator import Mapper
from curation.texts.marks import marks, to_python
from curation.trace import Trace, derive


class ToProgram(Mapper):
    """Make a Python program of a solution's calculator marks; a trace without marks is left out.

    One assignment a mark such as <<48/2=24>>, earlier results by their variable where their value comes up again, and
    the answer as `ans`. Prose is left out. A mark that is no plain arithmetic makes its row fail.
    """

    op: Literal["to_program"] = "to_program"

    def map(self, trace: Trace) -> list[Trace]:
        """A child of form `pot` whose reasoning is the program."""
        found = marks(trace.reasoning)
        return [derive(trace, reasoning=to_python(found), form="pot")] if found else []
