"""Take out what a chat template stumbles over: stray think tags, and white space at the end of the question."""

import re
from dataclasses import replace
from typing import Literal

from curation.operator import Mapper
from curation.trace import Trace, derive

TAG = re.compile(r"</?think>[ \t]*\n?")


class MendText(Mapper):
    """Remove think tags inside reasoning and answer, and white space at the end of the question.

    Training and exports write the tags themselves; the words between stray tags stay.
    """

    op: Literal["mend_text"] = "mend_text"

    def map(self, trace: Trace) -> list[Trace]:
        """A child without them; the trace itself when there are none."""
        question, reasoning, answer = trace.question.rstrip(), TAG.sub("", trace.reasoning), TAG.sub("", trace.answer)
        if (question, reasoning, answer) == (trace.question, trace.reasoning, trace.answer):
            return [trace]
        problem = replace(trace.problem, question=question)
        return [derive(trace, problem=problem, reasoning=reasoning, answer=answer)]
