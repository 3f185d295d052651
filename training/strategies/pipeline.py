"""Stages that build on each other, each by a student of its own: rationale then answer, questions then solution."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field

from curation.models import Completion, Request, ask
from curation.trace import Problem
from training.answering.facts import by_fact, share, spent
from training.answering.forms import AnswerForm, find
from training.answering.problem_extra import extra_of
from training.answering.stages import STAGES, Stage, fitting
from training.strategy import Attempt, Setting, Strategy


class Pipeline(Strategy):
    """Stages in turn, each reading the question and what earlier ones wrote; the last one's answer counts."""

    strategy: Literal["pipeline"] = "pipeline"
    stages: Annotated[list[Stage], AfterValidator(fitting)] = Field(
        STAGES, description="Name, student, instruction of each call, in turn", min_length=1
    )
    form: AnswerForm = Field("cot", description="Whether the last stage writes a text or a program to run")

    def most_tokens(self) -> int:
        """Tokens that a problem can cost at most."""
        return sum(stage.max_new_tokens for stage in self.stages if stage.output in ("model", "shuffled"))

    def solve(self, problems: Sequence[Problem], setting: Setting) -> list[Attempt]:
        """For every problem what each stage wrote as drafts, then the last one as the attempt."""
        written: list[list[Completion]] = [[] for _ in problems]
        slots: list[dict[str, str]] = [{} for _ in problems]
        models = [setting.model_of(stage.student) for stage in self.stages]  # first, so a wrong name costs nothing
        for number, stage in enumerate(self.stages):
            found = self._run(number, problems, slots, replace(setting, model=models[number]))
            texts = [completion.text.strip() for completion in found]
            texts = texts[-1:] + texts[:-1] if stage.output == "shuffled" else texts
            for calls, known, completion, text in zip(written, slots, found, texts, strict=True):
                calls.append(completion)
                known[stage.name] = text
        pairs = zip(problems, written, strict=True)
        return [attempt for problem, calls in pairs for attempt in self._attempts(problem, calls, setting)]

    def _run(
        self, number: int, problems: Sequence[Problem], slots: Sequence[dict[str, str]], setting: Setting
    ) -> list[Completion]:
        """What a stage writes, or what stands in its place."""
        stage = self.stages[number]
        if stage.output in ("oracle", "empty"):
            texts = [extra_of(one, stage.name) if stage.output == "oracle" else "" for one in problems]
            return [Completion(text, (), "stop", 0) for text in texts]
        requests = [
            Request(ask(problem.question, stage.instruction, **known), stage.max_new_tokens, stop=tuple(stage.stop))
            for problem, known in zip(problems, slots, strict=True)
        ]
        heard = setting.heard(len(problems), len(self.stages) * len(problems), number * len(problems))
        return setting.model.complete(requests, heard)

    def _attempts(self, problem: Problem, calls: Sequence[Completion], setting: Setting) -> list[Attempt]:
        names = [stage.name for stage in self.stages]
        drafts = [
            Attempt(problem, call, number, True, None, True, facts={"stage": names[number]})
            for number, call in enumerate(calls[:-1])
        ]
        answer, program = find(problem, calls[-1], self.form, setting.verifier.extractor)
        n_tokens, n_prompt = spent(calls)
        facts = {"stage": names[-1], "program": program}
        return [*drafts, Attempt(problem, calls[-1], 0, False, answer, True, n_tokens, n_prompt, facts)]

    def measures(self, attempts: pa.Table) -> dict[str, Any]:
        """Tokens that the stages before the last one wrote."""
        stages = by_fact(attempts.filter(attempts["draft"]), "stage")
        return {"stages": {name: share(rows["n_tokens"].to_pylist()) for name, rows in stages.items()}}
