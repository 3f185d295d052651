"""The answer of a completion by its form: read from a text, or computed by a program."""

from typing import Literal, NamedTuple

from curation.answers import Extractor
from curation.models import CLOSE, OPEN, Completion
from curation.operators.run_program import program_of
from curation.sandbox import SANDBOX
from curation.trace import Problem, Trace
from training.evaluate import answer_of

AnswerForm = Literal["cot", "pot"]


class Found(NamedTuple):
    """An answer, None where there is none, and how the program ended, None where there was no program to run."""

    answer: str | None
    program: str | None = None


def find(problem: Problem, completion: Completion, form: AnswerForm, extractor: Extractor = "auto") -> Found:
    """The answer of a completion; a program's is what it gives in the sandbox, none where it fails."""
    if form == "cot":
        return Found(answer_of(completion, problem.reference or "", extractor))
    reasoning, closed, after = completion.text.partition(CLOSE)
    if completion.finish_reason == "length" and not closed:
        return Found(None, "cut off")
    program = program_of(Trace(problem, reasoning.replace(OPEN, "").strip(), after, form="pot"))
    if program is None:
        return Found(None, "no program")
    outcome = SANDBOX.run(program)
    return Found(outcome.value, outcome.ending)
