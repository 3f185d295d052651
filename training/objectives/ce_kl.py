"""Knowledge distillation: cross-entropy on the completions mixed with a divergence from a reference.

One loss for three papers. Mentor-KD: a mentor of middle size gives soft labels. Distilling the Essence: the teacher
does. xCoT and privileged prompts: the student itself, asked in another way, does.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from curation.backends.transformers_model import Loaded, load
from curation.errors import UserError
from curation.params import Fraction, ModelName, Prompt
from training.losses.completions import Completions
from training.losses.distiller import Mix, TwoPrompts, distiller
from training.losses.divergence import Divergence
from training.losses.references import prompts, require_same_vocabulary
from training.objective import Task
from training.rows.data import Rendered

if TYPE_CHECKING:
    from trl import SFTTrainer

Open = Annotated[float, Field(gt=0, lt=1)]


class CeKl(Completions):
    """Train on completions and on the next-token probabilities of a reference."""

    objective: Literal["ce_kl"] = "ce_kl"
    reference: ModelName | None = Field(None, description="Student whose probabilities are learnt; empty: itself")
    reference_prompt: Prompt = Field("", description="How it is asked: {question}, {reference}, fields of the row")
    kd_weight: Fraction = Field(0.3, description="Share of the divergence in the loss")  # Mentor-KD: lambda 0.3
    divergence: Divergence = Field("fkl", description="Forward, reverse, mixed or skewed KL, or total variation")
    temperature: Annotated[float, Field(gt=0)] = Field(1.0, description="Divides both logits")  # Mentor-KD: 1.0
    scale_tau2: bool = Field(False, description="Multiply the divergence by the temperature squared")
    beta: Open = Field(0.5, description="Share of the reference in the mixture of jsd")  # TRL's GKDConfig
    skew: Open = Field(0.1, description="Share of the reference in the mixture of skl")  # DistiLLM: alpha 0.1

    def trainer(self, task: Task, rows: Sequence[Rendered], arguments: dict[str, Any]) -> "SFTTrainer":
        """The trainer of these rows; without weight plain fine-tuning, to the last bit."""
        if self.kd_weight == 0:
            return super().trainer(task, rows, arguments)
        if not (self.reference or self.reference_prompt):
            raise UserError(
                "ce_kl has nothing to learn from: name a student in 'reference', or give a 'reference_prompt' with "
                "which the student itself is asked, such as '{question} The answer is {reference}.'."
            )
        mentor = self._mentor(task)
        if self.reference_prompt:
            asked = prompts(task, rows, self.reference_prompt, mentor or task.student)
            collator = TwoPrompts(arguments["data_collator"], rows, asked, task.student.tokenizer.pad_token_id)
            arguments = arguments | {"data_collator": collator}
        mix = Mix(self.kd_weight, self.divergence, self.beta, self.skew, self.temperature, self.scale_tau2)
        return distiller(mix, mentor.model if mentor else None, arguments)

    def _mentor(self, task: Task) -> Loaded | None:
        if not self.reference:
            return None
        student = task.named(self.reference)
        mentor = load(student.path, student.adapter)
        require_same_vocabulary(student.name, mentor, task.student)
        mentor.model.requires_grad_(False)
        return mentor
