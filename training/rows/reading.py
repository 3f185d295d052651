"""How an objective has a trace read: what is asked of the student, and which tokens of the row carry loss."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from curation.models import QUESTION, Message, ask
from curation.params import Prompt
from curation.rendering import Chat, render_chat
from curation.sections import Loss, Range, chunk_of, trained
from curation.trace import Form, Trace, canonical_json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BUDGET = "{budget}"


def asks(text: str) -> str:
    """An instruction, which must say where the question goes."""
    if QUESTION not in text:
        raise ValueError(f"an instruction must hold the slot {QUESTION}")
    return text


Instruction = Annotated[Prompt, AfterValidator(asks)]


@dataclass(frozen=True, slots=True)
class Read:
    """A trace as rendered, its tokens with loss, and whether its reasoning is longer than every budget."""

    chat: Chat
    ranges: list[Range]
    over_budget: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What is asked, by the trace's form where that has an instruction of its own; which tokens carry loss.

    `before` are texts put before the question, by the trace's id.
    """

    loss: Loss = Loss()  # noqa: RUF009  (a tuple)
    instruction: str = QUESTION
    instructions: Mapping[Form, str] = field(default_factory=dict)
    budgets: tuple[int, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)

    def read(self, tokenizer: "PreTrainedTokenizerBase", trace: Trace) -> Read:
        """One trace as this reading has it."""
        budget, over = self._budget(tokenizer, trace)
        unfinished = self.loss.chunk and not chunk_of(trace).last
        chat = render_chat(tokenizer, trace, self.prompt(trace, budget), unfinished=unfinished)
        return Read(chat, trained(chat, trace, self.loss) if chat.n_prompt < len(chat.token_ids) else [], over)

    def prompt(self, trace: Trace, budget: int | None = None) -> tuple[Message, ...]:
        """The chat that asks the trace's question."""
        instruction = self.instructions.get(trace.form, self.instruction)
        slots = {} if budget is None else {"budget": budget}
        asked = ask(trace.question, instruction, **slots)
        before = self.before.get(trace.id, "")
        return ({**asked[0], "content": f"{before}\n\n{asked[0]['content']}"},) if before else asked

    def without_reasoning(self, instruction: str) -> "Reading":
        """The same with another instruction and nothing before the question."""
        return replace(self, instruction=instruction, instructions={}, budgets=(), before={})

    def key(self) -> str:
        """What tells two readings apart; empty for the plain one."""
        if self == PLAIN:
            return ""
        return canonical_json(asdict(self))

    def _budget(self, tokenizer: "PreTrainedTokenizerBase", trace: Trace) -> tuple[int | None, bool]:
        """The smallest budget that holds the reasoning, else the largest one and that it is too small."""
        if not self.budgets:
            return None, False
        ids = tokenizer(trace.reasoning, add_special_tokens=False, verbose=False)["input_ids"]
        holding = [budget for budget in sorted(self.budgets) if budget >= len(ids)]
        return (holding[0], False) if holding else (max(self.budgets), True)


PLAIN = Reading()
