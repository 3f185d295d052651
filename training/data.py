"""What the student sees: the tokens of a trace, which of them are trained, and where truncation cuts.

A row is the tokenizer's chat template over question and completion; loss falls on the tokens after the generation
prompt, exactly the tokens a model writes at inference.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from curation.errors import UserError
from curation.exports.render import render_completion
from curation.models import ask
from curation.trace import Trace

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label torch's cross-entropy skips
OPEN, CLOSE = "<think>", "</think>"
Defect = Literal["no_trained_token", "answer_cut", "doubled_think", "orphan_think", "text_lost", "prompt_changed"]
DEFECTS: dict[Defect, str] = {
    "no_trained_token": "No token is trained; raise max_length or leave the row out",
    "answer_cut": "The row is longer than max_length or than the model reads, so its end is cut off; shorten it",
    "doubled_think": "The text opens or closes <think> more than once; the template and the trace both write it",
    "orphan_think": "A <think> is opened and not closed, or closed and not opened",
    "text_lost": "The chat template leaves out a part of the completion; most likely it strips the reasoning",
    "prompt_changed": "The question is tokenised differently once the completion follows it",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """One row as the student sees it; tokens from `kept` on are cut off."""

    trace_id: str
    problem_id: str
    text: str
    token_ids: list[int]
    n_prompt: int
    kept: int
    defects: tuple[Defect, ...]

    @property
    def trained(self) -> int:
        """How many tokens carry loss."""
        return max(0, self.kept - self.n_prompt)

    @property
    def labels(self) -> list[int]:
        """The label of every kept token."""
        start = min(self.n_prompt, self.kept)
        return [IGNORED] * start + self.token_ids[start : self.kept]


@dataclass(frozen=True, slots=True)
class Piece:
    """One token as text, for showing."""

    token_id: int
    text: str
    trained: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class Check:
    """Counts over all rows of a set, shown before launch."""

    rows: int
    tokens: int
    trained_tokens: int
    defects: dict[Defect, int]

    def refuse(self) -> None:
        """UserError when there is nothing to train on."""
        if self.rows == 0:
            raise UserError("The curated set has no rows; freeze a set that keeps at least one trace.")
        if self.trained_tokens == 0:
            worst = max(self.defects, key=lambda defect: self.defects[defect])
            raise UserError(f"None of the {self.rows} rows has a trained token. {DEFECTS[worst]}.")


def render(tokenizer: "PreTrainedTokenizerBase", trace: Trace, max_length: int) -> Rendered:
    """One trace as the student sees it; no longer than the tokenizer says the model can read."""
    completion = render_completion(trace)
    question = [dict(message) for message in ask(trace.question)]
    prompt = str(tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True))
    answer = {"role": "assistant", "content": completion}
    text = str(tokenizer.apply_chat_template([*question, answer], tokenize=False))
    ids = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    prompt_ids = list(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    n_prompt = _common(prompt_ids, ids)
    limit = min(max_length, tokenizer.model_max_length)
    kept = min(len(ids), limit)
    written = text[len(prompt) :] if text.startswith(prompt) else text
    defects = {
        "no_trained_token": kept <= n_prompt or not completion,
        "answer_cut": len(ids) > limit,
        "doubled_think": max(text.count(OPEN), text.count(CLOSE)) > 1,
        "orphan_think": text.count(OPEN) != text.count(CLOSE),
        "text_lost": completion.strip() not in written and completion.strip() not in text,
        "prompt_changed": n_prompt < len(prompt_ids),
    }
    found = tuple(name for name in get_args(Defect) if defects[name])
    return Rendered(trace.id, trace.problem.id, text, ids, n_prompt, kept, found)


def render_all(tokenizer: "PreTrainedTokenizerBase", traces: Iterable[Trace], max_length: int) -> Iterator[Rendered]:
    """Every trace as the student sees it, in order."""
    return (render(tokenizer, trace, max_length) for trace in traces)


def check(rows: Iterable[Rendered]) -> Check:
    """Counts of tokens and defects, shown before launch."""
    counts: Counter[Defect] = Counter()
    n_rows = tokens = trained = 0
    for row in rows:
        n_rows, tokens, trained = n_rows + 1, tokens + row.kept, trained + row.trained
        counts.update(row.defects)
    return Check(n_rows, tokens, trained, {defect: counts[defect] for defect in get_args(Defect)})


def pieces(tokenizer: "PreTrainedTokenizerBase", row: Rendered) -> list[Piece]:
    """The row token by token; the texts joined are the row's text."""
    offsets = tokenizer(row.text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    shown, result = 0, []
    for place, (token, (_, stop)) in enumerate(zip(row.token_ids, offsets, strict=True)):
        text = row.text[shown : max(shown, stop)]  # tokens of one character share its span: the first shows it
        shown = max(shown, stop)
        result.append(Piece(token, text, row.n_prompt <= place < row.kept, place >= row.kept))
    return result


def _common(first: list[int], second: list[int]) -> int:
    """Length of the common beginning."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return place
    return min(len(first), len(second))
