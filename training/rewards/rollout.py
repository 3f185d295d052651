"""Rollout: one sampled completion and the facts of its problem, all that a reward may look at."""

from dataclasses import dataclass

from curation.rendering import CLOSE, OPEN
from training.evaluate import final_answer


@dataclass(frozen=True, slots=True)
class Rollout:
    """A completion the student wrote to one prompt.

    `token_ids` are the generated tokens, the end token among them. `prefix` is what the prompt had opened already: a
    think tag, or an empty think block. `finished` is False where the completion was cut at `cap` tokens.
    """

    question: str
    reference: str
    text: str
    token_ids: tuple[int, ...] = ()
    finished: bool = True
    cap: int | None = None
    budget: int | None = None
    prefix: str = ""
    step_scores: tuple[float, ...] | None = None

    @property
    def whole(self) -> str:
        """The completion with what the prompt opened before it."""
        return self.prefix + self.text

    @property
    def n_tokens(self) -> int:
        """Tokens the student generated."""
        return len(self.token_ids)

    @property
    def final(self) -> str | None:
        """The answer it gives, read as evaluation reads it."""
        return final_answer(self.whole, self.reference, complete=self.finished)

    @property
    def reasoning(self) -> str:
        """What stands before the closing think tag, or all of it."""
        return self.whole.partition(CLOSE)[0].replace(OPEN, "").strip()
