"""Knowledge distillation: cross-entropy on the completions mixed with a divergence from a reference.

One loss for three papers. Mentor-KD: a mentor of middle size gives soft labels. Distilling the Essence: the teacher
does. xCoT and privileged prompts: the student itself, asked in another way, does.
"""

from typing import Annotated, Literal

from pydantic import Field

from curation.errors import UserError
from curation.models import Loaded, load
from curation.params import Fraction, ModelName, Prompt
from training.data import render_all
from training.distiller import Mix, TwoPrompts, distiller
from training.divergence import Divergence
from training.objective import Setup, Task
from training.objectives.sft import Sft
from training.references import prompts, require_same_vocabulary

Open = Annotated[float, Field(gt=0, lt=1)]


class CeKl(Sft):
    """Train on completions and on the next-token probabilities of a reference."""

    objective: Literal["ce_kl"] = "ce_kl"  # type: ignore[assignment]
    reference: ModelName | None = Field(None, description="Student whose probabilities are learnt; empty: itself")
    reference_prompt: Prompt = Field("", description="How it is asked: {question}, {reference}, fields of the row")
    kd_weight: Fraction = Field(0.3, description="Share of the divergence in the loss")  # Mentor-KD: lambda 0.3
    divergence: Divergence = Field("fkl", description="Forward, reverse, mixed or skewed KL, or total variation")
    temperature: Annotated[float, Field(gt=0)] = Field(1.0, description="Divides both logits")  # Mentor-KD: 1.0
    scale_tau2: bool = Field(False, description="Multiply the divergence by the temperature squared")
    beta: Open = Field(0.5, description="Share of the reference in the mixture of jsd")  # TRL's GKDConfig
    skew: Open = Field(0.1, description="Share of the reference in the mixture of skl")  # DistiLLM: alpha 0.1

    def setup(self, task: Task) -> Setup:
        """The trainer of fine-tuning with the mixed loss; without weight it is that trainer itself."""
        setup = super().setup(task)
        if self.kd_weight == 0:
            return setup
        if not (self.reference or self.reference_prompt):
            raise UserError(
                "ce_kl has nothing to learn from: name a student in 'reference', or give a 'reference_prompt' with "
                "which the student itself is asked, such as '{question} The answer is {reference}.'."
            )
        mentor = self._mentor(task)
        collator = None
        if self.reference_prompt:
            rows = self.trainable(list(render_all(task.student.tokenizer, task.traces, self.max_length)))
            asked = prompts(task, rows, self.reference_prompt, mentor or task.student)
            collator = TwoPrompts(setup.trainer.data_collator, rows, asked, task.student.tokenizer.pad_token_id)
        mix = Mix(self.kd_weight, self.divergence, self.beta, self.skew, self.temperature, self.scale_tau2)
        return Setup(distiller(mix, mentor and mentor.model, setup.trainer, collator), setup.facts)

    def _mentor(self, task: Task) -> Loaded | None:
        if not self.reference:
            return None
        student = task.named(self.reference)
        mentor = load(student.path, student.adapter)
        require_same_vocabulary(student.name, mentor, task.student)
        mentor.model.requires_grad_(False)
        return mentor
