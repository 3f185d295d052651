"""What the student sees: the tokens of a trace, which of them are trained, and where truncation cuts."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from curation.errors import UserError
from curation.rendering import Mark
from curation.sections import Range, chunk_of
from curation.trace import Form, Trace
from training.rows.reading import PLAIN, Read, Reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label torch's cross-entropy skips
Defect = Literal["no_trained_token", "answer_cut", "over_budget", Mark]
DEFECTS: dict[Defect, str] = {
    "no_trained_token": "No token is trained; raise max_length, train other sections or kinds, or leave the row out",
    "answer_cut": "The row is longer than max_length or than the model reads, so its end is cut off; shorten it",
    "over_budget": "The reasoning is longer than the largest budget; add a larger one or leave the row out",
    "doubled_think": "The text opens or closes <think> more than once; the template and the trace both write it",
    "orphan_think": "A <think> is opened and not closed, or closed and not opened",
    "text_lost": "The chat template leaves out a part of the completion; most likely it strips the reasoning",
    "prompt_changed": "The question is tokenised differently once the completion follows it",
    "prompt_space": "The question ends in white space; training and exports cut it off, other programs may not",
}
# ours: rows that teach something else than they say; a cut answer or a moved border is a choice one may make
RED: tuple[Defect, ...] = ("no_trained_token", "over_budget", "doubled_think", "orphan_think", "text_lost")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One row as the student sees it; tokens from `kept` on are cut off, those in `ranges` before carry loss."""

    trace_id: str
    problem_id: str
    text: str
    token_ids: list[int]
    n_prompt: int
    kept: int
    defects: tuple[Defect, ...]
    ranges: list[Range]
    form: Form = "cot"
    chunk: int = 0
    group: str = ""  # what a schedule mixes by

    @property
    def trained(self) -> int:
        """How many tokens carry loss."""
        return carrying(self.ranges, self.kept)

    @property
    def predicted(self) -> int:
        """How many tokens the loss falls on: the first of a row has nothing before it to be told from."""
        return self.trained - carrying(self.ranges, min(1, self.kept))

    @property
    def labels(self) -> list[int]:
        """The label of every kept token."""
        labels = [IGNORED] * self.kept
        for start, stop in self.ranges:
            labels[start : min(stop, self.kept)] = self.token_ids[start : min(stop, self.kept)]
        return labels


@dataclass(frozen=True, slots=True)
class Piece:
    """One token as text, for showing."""

    token_id: int
    text: str
    trained: bool
    cut: bool
    special: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """Counts over all rows of a set, shown before launch."""

    rows: int
    tokens: int
    trained_tokens: int
    defects: dict[Defect, int]
    red: int  # rows with a defect that forbids the launch
    longest: int  # tokens of the longest row before it is cut

    def refuse(self) -> None:
        """UserError when there is nothing to train on."""
        if self.rows == 0:
            raise UserError("The curated set has no rows; freeze a set that keeps at least one trace.")
        if self.trained_tokens == 0:
            worst = max(self.defects, key=lambda defect: self.defects[defect])
            raise UserError(f"None of the {self.rows} rows has a trained token. {DEFECTS[worst]}.")


def render(tokenizer: "PreTrainedTokenizerBase", trace: Trace, max_length: int, reading: Reading = PLAIN) -> Rendered:
    """One trace as the student sees it; no longer than the tokenizer says the model can read."""
    return cut(reading.read(tokenizer, trace), trace, min(max_length, tokenizer.model_max_length))


def cut(read: Read, trace: Trace, limit: int) -> Rendered:
    """The row at a limit of tokens, and its defects there."""
    chat = read.chat
    kept = min(len(chat.token_ids), limit)
    defects = {
        "no_trained_token": carrying(read.ranges, kept) == 0,
        "answer_cut": len(chat.token_ids) > limit,
        "over_budget": read.over_budget,
    }
    found = tuple(name for name in DEFECTS if defects.get(name, name in chat.marks))
    return Rendered(
        trace.id, trace.problem.id, chat.text, chat.token_ids, chat.n_prompt, kept, found, read.ranges, trace.form,
        chunk_of(trace).index,
    )  # fmt: skip


def carrying(ranges: Iterable[Range], kept: int) -> int:
    """How many of the kept tokens lie in the ranges."""
    return sum(max(0, min(stop, kept) - start) for start, stop in ranges)


def render_all(
    tokenizer: "PreTrainedTokenizerBase", traces: Iterable[Trace], max_length: int, reading: Reading = PLAIN
) -> Iterator[Rendered]:
    """Every trace as the student sees it, in order."""
    return (render(tokenizer, trace, max_length, reading) for trace in traces)


def check(rows: Iterable[Rendered]) -> Check:
    """Counts of tokens and defects, shown before launch."""
    counts: Counter[Defect] = Counter()
    n_rows = tokens = trained = red = longest = 0
    for row in rows:
        n_rows, tokens, trained = n_rows + 1, tokens + row.kept, trained + row.trained
        counts.update(row.defects)
        red += any(defect in RED for defect in row.defects)
        longest = max(longest, len(row.token_ids))
    return Check(n_rows, tokens, trained, {defect: counts[defect] for defect in DEFECTS}, red, longest)


def pieces(tokenizer: "PreTrainedTokenizerBase", row: Rendered) -> list[Piece]:
    """The row token by token; the texts joined are the row's text."""
    offsets = tokenizer(row.text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    special = special_ids(tokenizer)
    carries = {place for start, stop in row.ranges for place in range(start, min(stop, row.kept))}
    shown, result = 0, []
    for place, (token, (_, stop)) in enumerate(zip(row.token_ids, offsets, strict=True)):
        text = row.text[shown : max(shown, stop)]  # tokens of one character share its span: the first shows it
        shown = max(shown, stop)
        result.append(Piece(token, text, place in carries, place >= row.kept, token in special))
    return result


def special_ids(tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """Tokens that no text is split into: turn marks, ends, padding."""
    return set(tokenizer.all_special_ids) | {n for n, token in tokenizer.added_tokens_decoder.items() if token.special}
