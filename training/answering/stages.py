"""The stages of a pipeline: what each is asked, by whom it is answered, and what stands in for its output."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from curation.models import QUESTION
from curation.params import Positive, Prompt


class Stage(BaseModel):
    """One call: its instruction may name the question and the stages before, such as {rationale}.

    `output` puts something in place of what the model writes: the benchmark row's own value of the stage's name
    (oracle: the ceiling), nothing (empty), or the output for another problem (shuffled): how much is it used?
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    student: str = ""
    instruction: Prompt = QUESTION
    max_new_tokens: Positive = 512
    stop: list[str] = []
    output: Literal["model", "oracle", "empty", "shuffled"] = "model"


# Sci-CoT: a rationale by one small model, the answer from it by another; the wording is ours
STAGES = [Stage(name="rationale"), Stage(name="answer", instruction="{question} {rationale}", max_new_tokens=64)]


def fitting(stages: list[Stage]) -> list[Stage]:
    """The stages as they are; ValueError where names clash or the last one's output is replaced."""
    names = [stage.name for stage in stages]
    if len({*names, "question"}) <= len(names):
        raise ValueError(f"every stage needs a name of its own other than question, found {', '.join(names)}")
    if stages[-1].output != "model":
        raise ValueError(f"the last stage answers, so its output is the model's, found {stages[-1].output}")
    return stages
