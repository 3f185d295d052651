"""Measure a trace as a student will read it: tokens in its chat template, and what would go wrong in training."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from curation.operator import Annotation, Annotator, Failure, ScoreType, Value
from curation.params import TokenizerName
from curation.rendering import MARKS, render_chat, student_tokenizer
from curation.trace import Trace


class FitStudent(Annotator):
    """Render each trace in a student's chat template; count its tokens and mark what training would get wrong.

    The length limit is no part of it: `keep_where` on `student_tokens` decides which rows fit.
    """

    version: ClassVar[int] = 2  # 2: conversations turn by turn
    op: Literal["fit_student"] = "fit_student"
    tokenizer: TokenizerName = Field(min_length=1, description="Folder or hub name of the student")

    def adds(self) -> dict[str, ScoreType]:
        """Tokens of the row, of its prompt and with loss, and one flag for each thing that can be wrong."""
        return {
            "student_tokens": "number",
            "prompt_tokens": "number",
            "trained_tokens": "number",
            **dict.fromkeys(MARKS, "flag"),
        }

    def annotate(self, trace: Trace) -> Annotation:
        """Measure one row before anything is cut."""
        chat = render_chat(student_tokenizer(self.tokenizer), trace)
        flags: dict[str, Value] = {mark: mark in chat.marks for mark in MARKS}
        counts = {"student_tokens": len(chat.token_ids), "prompt_tokens": chat.n_prompt}
        return Annotation({**counts, "trained_tokens": chat.n_trained, **flags})

    def annotate_batch(self, traces: Sequence[Trace]) -> list[Annotation | Failure]:
        """Measure each row; a tokenizer that is not here stops the run instead of failing every row."""
        student_tokenizer(self.tokenizer)
        return super().annotate_batch(traces)
