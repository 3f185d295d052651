"""Training by stages in which help fades and the mix of rows moves; the weights are carried on.

Help is knowledge and nearest examples before the question (SKIntern); at the last stage there is none, so its prompt
is the one asked at inference. A mix moves from one group of rows to another: distilled to gold labels, one teacher to
another, or reasoning written out to the answer alone (C2SER: "explicit" to "implicit").
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from curation.encoders import load_encoder
from curation.models import QUESTION
from curation.params import Count, EncoderName
from curation.trace import Trace
from training.objective import Task
from training.objectives.sft import Sft
from training.rows.batches import draw
from training.rows.data import Rendered, render
from training.rows.help import before_question, contexts, nearest
from training.rows.reading import Instruction
from training.rows.schedule import Curve, Mix, MixBy, grouped_by, rates, sample, shots

Weight = Annotated[float, Field(ge=0)]


class SftStaged(Sft):
    """Train stage by stage: help before the question fades, the mix of rows moves."""

    objective: Literal["sft_staged"] = "sft_staged"  # type: ignore[assignment]
    n_stages: Annotated[int, Field(ge=1, le=20)] = Field(4, description="Stages; budget and epochs are shared out")
    curve: Curve = Field("linear", description="How help and mix go from start to end")  # SKIntern: linear > exp
    shots: Count = Field(3, description="Nearest other problems shown solved at the first stage")  # ours; not stated
    context: str = Field("", description="Key of a trace's extra values put before the question; empty: none")
    encoder: EncoderName = Field("", description="Encoder that finds the nearest problems; empty: built-in")
    mix_by: MixBy | None = Field(None, description="What groups rows; reasoning: explicit and implicit")
    mix_start: dict[str, Weight] = Field({}, description="Weight of each group at the start")
    mix_end: dict[str, Weight] = Field({}, description="Weight of each group at the end")
    mix_moves: Literal["between_stages", "within_stages"] = Field("between_stages", description="When the mix moves")
    mix_exact: bool = Field(True, description="Shares hold to the row; else each row's group is drawn")
    implicit_instruction: Instruction = Field(QUESTION, description="What is asked for the answer alone")

    @model_validator(mode="after")
    def _mix_is_whole(self) -> Self:
        mixes = {"mix_start": self.mix_start, "mix_end": self.mix_end}
        for name, weights in mixes.items():
            if self.mix_by and not sum(weights.values()):
                raise ValueError(f"{name} must give a group of {self.mix_by} a weight above 0")
            if weights and not self.mix_by:
                raise ValueError(f"{name} is given, so mix_by must say what its groups are")
        return self

    def stages(self) -> tuple[str, ...]:
        """Each stage by its number and how much help it gives."""
        return tuple(f"{number} help {rate:.2f}" for number, rate in enumerate(rates(self.n_stages, self.curve), 1))

    def rendered(self, task: Task) -> list[Rendered]:
        """The rows with the stage's help; where reasoning is mixed, each also with the answer alone."""
        group = grouped_by(self.mix_by)
        rows = [replace(row, group=group(trace)) for trace, row in self.helped(task)]
        if self.mix_by != "reasoning":
            return rows
        reading = self.reading().without_reasoning(self.implicit_instruction)
        bare = [replace(trace, reasoning="", segments=()) for trace in task.traces if trace.answer.strip()]
        short = (render(task.student.tokenizer, trace, self.max_length, reading) for trace in bare)
        return [*rows, *(replace(row, group="implicit") for row in short)]

    def helped(self, task: Task) -> Iterator[tuple[Trace, Rendered]]:
        """Each trace with as many of the stage's shots as leave its row whole."""
        rate = rates(self.n_stages, self.curve)[task.stage]
        count = shots(self.shots, self.n_stages, task.stage, self.curve)
        near = nearest(task.traces, count, load_encoder(self.encoder)) if count else {}
        knowledge = contexts(task.traces, self.context) if self.context and rate else {}
        for trace in task.traces:
            shown = near.get(trace.problem.id, [])
            row = self.with_help(task, trace, before_question(trace, knowledge, rate, shown))
            while shown and "answer_cut" in row.defects:
                shown = shown[:-1]
                row = self.with_help(task, trace, before_question(trace, knowledge, rate, shown))
            yield trace, row

    def with_help(self, task: Task, trace: Trace, before: str) -> Rendered:
        """One row with this before its question."""
        reading = replace(self.reading(), before={trace.id: before})
        return render(task.student.tokenizer, trace, self.max_length, reading)

    def batches(self, rows: Sequence[Rendered], task: Task) -> list[list[int]]:
        """An even share of the budget or the epochs, drawn by the stage's mix where there is one."""
        lengths = [row.kept for row in rows]
        seed = f"{task.seed} stage {task.stage}"
        epochs, budget = self.num_train_epochs / self.n_stages, self.max_train_tokens
        budget = budget // self.n_stages if budget else None
        if not self.mix_by:
            return self.grouped(rows, draw(lengths, epochs=epochs, budget=budget, seed=seed), seed)
        limit = budget if budget else epochs * sum(lengths)
        mix = Mix(self.mix_start, self.mix_end, self.curve).stage(task.stage, self.n_stages, self.mix_moves)
        order = sample([row.group for row in rows], lengths, mix, limit, seed, exact=self.mix_exact)
        return self.grouped(rows, order, seed)
