"""Run the program a trace holds, in the sandbox, and compare its answer with the reference."""

from typing import Literal

from pydantic import Field

from curation.answers import choice, compare
from curation.operator import Annotation, Annotator, ScoreType
from curation.sandbox import SANDBOX, Limits, Outcome
from curation.texts.programs import last_program
from curation.trace import Trace

# A program that fails within its limits is wrong; one the sandbox cannot run may be right elsewhere
UNDECIDED = ("forbidden", "crashed")


class RunProgram(Annotator):
    """Run a trace's program without files, network or more than its limits, and compare what it gives.

    The program is the last Python block of answer or reasoning, or the whole reasoning of a trace of form pot; a trace
    without one has no verdict. It is wrong where it fails, and unknown where the sandbox lacks what it asks for.
    """

    op: Literal["run_program"] = "run_program"
    result: str = Field("ans", description="Variable or function of the answer; else what comes last", min_length=1)
    # key-point distillation: 2 seconds, 256 MB
    seconds: float = Field(2.0, description="Longest run of a program, seconds", gt=0, le=60)
    memory_mb: int = Field(256, description="Most memory of a program, MB", ge=1, le=1024)
    recursion: int = Field(500, description="Deepest nesting of calls", ge=10, le=1000)  # ours
    output: int = Field(10_000, description="Most characters a program may print", ge=1, le=1_000_000)  # ours

    def adds(self) -> dict[str, ScoreType]:
        """How the program ended, what it gave, whether that is right, and why it did not finish."""
        return {
            "program_verdict": "category",
            "program_value": "category",
            "program_correct": "flag",
            "program_error": "category",
        }

    def annotate(self, trace: Trace) -> Annotation:
        """Run, then compare where there is something to compare with."""
        program = program_of(trace)
        if program is None:
            return Annotation(dict.fromkeys(self.adds()))
        found = SANDBOX.run(program, Limits(self.seconds, self.memory_mb, self.recursion, self.output), self.result)
        scores = (found.ending, found.value and found.value[:200], _correct(found, trace), found.reason)
        return Annotation(dict(zip(self.adds(), scores, strict=True)))


def program_of(trace: Trace) -> str | None:
    """The program of a trace; None where it has none."""
    found = last_program(trace.answer, trace.reasoning)
    if found is None and trace.form == "pot" and trace.reasoning.strip():
        return trace.reasoning
    return found


def _correct(found: Outcome, trace: Trace) -> bool | None:
    reference = trace.problem.reference
    if not reference or not reference.strip() or found.ending in UNDECIDED:
        return None
    if found.value is None:
        return False
    if choice(reference) and not choice(found.value):
        return None  # the letter of an option says nothing of its value
    return compare(found.value, reference).equal
