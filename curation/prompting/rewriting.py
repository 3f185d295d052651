"""Rewriting a trace by a model: what is asked, what a reply has to hold, and why it is rejected.

A reply has delimited sections: <thought> becomes the reasoning, <solution> the answer. Every rejection has a cause of
a fixed kind, so that a ledger can count them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from curation.answers import compare, extract
from curation.comparing.rouge import rouge_l, words
from curation.models import CLOSE, OPEN, Completion
from curation.operator import Dropped, Failure, Kept
from curation.prompting.replies import section, unusable
from curation.texts.languages import languages_of
from curation.texts.tokens import count_tokens
from curation.trace import Trace, canonical_json, derive

Level = Literal["easy", "medium", "hard"]
LEVELS: tuple[Level, ...] = ("easy", "medium", "hard")
AnswerOf = Literal["parent", "reference", "both", "any"]
Cause = Literal[
    "no answer to compare with", "parent is not the reference", "difficulty unknown", "unusable reply",
    "missing section", "stray think tag", "no answer stated", "changed answer", "not the reference", "not shorter",
    "over the budget", "too little kept", "not translated",
]  # fmt: skip
NUMBER = re.compile(r"\d+")
NAME = "rewrite"  # of the provenance in `extra`
DIGITS = 9  # of costs


class Rejected(NamedTuple):
    """Why a rewrite is not taken, or not even asked for."""

    cause: Cause
    detail: str = ""

    @property
    def reason(self) -> str:
        """The cause as the ledger tells it."""
        return f"{self.cause}: {self.detail}" if self.detail else self.cause


class Aim(NamedTuple):
    """What one rewrite of a trace is meant to be: its name in the provenance, and its most reasoning tokens."""

    target: str
    value: int | str | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What a rewrite has to keep to.

    `told` says that the reply tells the difficulty itself, `kept` is the least share of words in common with the
    parent's reasoning, `translated` that it must not stay in the parent's language.
    """

    answer_of: AnswerOf = "both"
    shorter: bool = False
    told: bool = False
    solution: bool = True
    kept: float | None = None
    translated: str = ""
    tokenizer: str = ""

    def hopeless(self, trace: Trace) -> Rejected | None:
        """Why no rewrite of this trace could be taken, so that none is paid for."""
        if self.answer_of == "any" or not self.solution:
            return None
        own, reference = stated(trace), reference_of(trace)
        wanted = {"parent": [own], "reference": [reference], "both": [own, reference]}[self.answer_of]
        if not any(wanted):
            return Rejected("no answer to compare with")
        if self.answer_of == "both" and own and reference and not compare(own, reference).equal:
            return Rejected("parent is not the reference")
        return None

    def read(self, trace: Trace, aim: Aim, reply: str) -> "Read | Rejected":
        """The texts of a reply that keeps to everything, or the first cause against it."""
        names = ["difficulty"] * self.told + ["thought"] + ["solution"] * self.solution
        found = {name: section(reply, f"<{name}>", f"</{name}>") for name in names}
        for name, text in found.items():
            if not text:
                return Rejected("missing section", name)
        texts = {name: text for name, text in found.items() if text}
        level = texts.get("difficulty", "").strip(" .").lower()
        if self.told and level not in LEVELS:
            return Rejected("missing section", "difficulty is none of easy, medium, hard")
        read = Read(texts["thought"], texts.get("solution", trace.answer), level or None)
        return self._against(trace, aim, read) or read

    def _against(self, trace: Trace, aim: Aim, read: "Read") -> Rejected | None:
        if OPEN in read.reasoning + read.answer or CLOSE in read.reasoning + read.answer:
            return Rejected("stray think tag")
        return self._answer(trace, read) or self._length(trace, aim, read) or self._text(trace, read)

    def _answer(self, trace: Trace, read: "Read") -> Rejected | None:
        own, reference = stated(trace), reference_of(trace)
        if self.answer_of == "any" or not (self.solution or own):
            return None
        whole = replace(trace, reasoning=read.reasoning, answer=read.answer, closed=True)
        found = extract(read.answer, reference=reference) if self.solution else stated(whole)
        if found is None:
            return Rejected("no answer stated")
        if self.answer_of != "reference" and own and not compare(found, own).equal:
            return Rejected("changed answer")
        if self.answer_of != "parent" and reference and not compare(found, reference).equal:
            return Rejected("not the reference")
        return None

    def _length(self, trace: Trace, aim: Aim, read: "Read") -> Rejected | None:
        whole = self.count(trace.reasoning) + self.count(trace.answer)
        if self.shorter and self.count(read.reasoning) + self.count(read.answer) >= whole:
            return Rejected("not shorter")
        if aim.longest is not None and self.count(read.reasoning) > aim.longest:
            return Rejected("over the budget")
        return None

    def _text(self, trace: Trace, read: "Read") -> Rejected | None:
        if self.kept is not None and rouge_l(words(trace.reasoning), words(read.reasoning)) < self.kept:
            return Rejected("too little kept")
        before, after = languages_of([trace.reasoning], 1), languages_of([read.reasoning], 1)
        if self.translated and before == after != (self.translated,):
            return Rejected("not translated")
        return None

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return count_tokens(text, self.tokenizer)


class Read(NamedTuple):
    """The texts of a reply, and the difficulty it told."""

    reasoning: str
    answer: str
    level: str | None = None


@dataclass(slots=True)
class Attempt:
    """One rewrite of one trace while it is asked for, try after try; `causes` are those of rejected tries."""

    trace: Trace
    aim: Aim
    found: Trace | Failure | Rejected | None = None
    causes: list[str] = field(default_factory=list)
    tries: int = 0
    prompt_tokens: int | None = 0
    generated_tokens: int = 0
    cost: float | None = 0.0

    @property
    def open(self) -> bool:
        """Whether another try may help; a request that failed was repeated by the backend already."""
        return self.found is None or (self.tries > 0 and isinstance(self.found, Rejected))

    def take(self, completion: Completion, cost: float | None, gate: Gate, said: Mapping[str, str]) -> None:
        """Judge the next reply; `said` is the provenance that all rewrites of a step share."""
        self.tries += 1
        counted = self.prompt_tokens is not None and completion.n_prompt_tokens is not None
        self.prompt_tokens = (self.prompt_tokens or 0) + (completion.n_prompt_tokens or 0) if counted else None
        self.generated_tokens += completion.n_tokens
        reason = unusable(completion)
        if completion.failure is not None:
            self.found = Failure(self.trace.id, reason or completion.failure)
            return
        self.cost = None if self.cost is None or cost is None else self.cost + cost
        read = Rejected("unusable reply", reason) if reason else gate.read(self.trace, self.aim, completion.text)
        if isinstance(read, Rejected):
            self.causes.append(read.cause)
            self.found = read
            return
        lengths = (gate.count(self.trace.reasoning), gate.count(read.reasoning))
        self.found = self._child(read, lengths, said)

    def _child(self, read: Read, lengths: tuple[int, int], said: Mapping[str, str]) -> Trace:
        provenance: dict[str, object] = {
            **said, "target": self.aim.target, "value": read.level or self.aim.value, "tries": self.tries,
            "rejected": self.causes, "prompt_tokens": self.prompt_tokens, "generated_tokens": self.generated_tokens,
            "reasoning_tokens": lengths, "cost": None if self.cost is None else round(self.cost, DIGITS),
        }  # fmt: skip
        if self.aim.target == "language":
            numbers = (set(NUMBER.findall(text)) for text in (self.trace.reasoning, read.reasoning))
            provenance["numbers_kept"] = next(numbers) <= next(numbers)
        closed = True if self.trace.closed is False else self.trace.closed
        extra = with_extra(self.trace.extra, NAME, provenance)
        return derive(self.trace, reasoning=read.reasoning, answer=read.answer, closed=closed, extra=extra)


def attempts(trace: Trace, aims: Iterable[Aim | Rejected], gate: Gate) -> list[Attempt]:
    """An attempt for each aim; one that cannot succeed is rejected at once.

    A trace without reasoning has none, nor has a program or a conversation, which sections would flatten.
    """
    if not trace.reasoning.strip() or trace.form != "cot":
        return []
    hopeless = gate.hopeless(trace)
    return [
        Attempt(trace, Aim(""), aim) if isinstance(aim, Rejected) else Attempt(trace, aim, hopeless) for aim in aims
    ]


def outcome(trace: Trace, row: Sequence[Attempt], drop: bool) -> list[Trace] | Failure | Dropped | Kept:
    """What became of a trace: its rewrites, the trace itself where nothing was asked for, or why it goes or stays."""
    found = [one.found for one in row]
    children = [one for one in found if isinstance(one, Trace)]
    if children or not row:
        missed = {str(one.aim.value): one.found.reason for one in row if isinstance(one.found, Rejected | Failure)}
        return [_with_missed(child, missed) for child in children] or [trace]
    failure = next((one for one in found if isinstance(one, Failure)), None)
    if failure:
        return failure
    reason = next(one.reason for one in found if isinstance(one, Rejected))
    return Dropped(trace.id, reason) if drop else Kept(trace, f"the original, {reason}")


def _with_missed(child: Trace, missed: Mapping[str, str]) -> Trace:
    """The child with the other rewrites its parent did not get, and why: a ledger tells of the parent only once."""
    if not missed:
        return child
    return replace(child, extra=with_extra(child.extra, NAME, {**json.loads(child.extra)[NAME], "missed": missed}))


def stated(trace: Trace) -> str | None:
    """The answer a trace states, in its answer or marked in its reasoning."""
    reference = reference_of(trace)
    found = extract(trace.answer, reference=reference) if trace.answer.strip() else None
    return found or extract(trace.reasoning, reference=reference, bare=trace.closed is not False)


def reference_of(trace: Trace) -> str | None:
    """The reference answer, None where it is blank."""
    reference = trace.problem.reference
    return reference if reference and reference.strip() else None


def with_extra(extra: str, name: str, values: dict[str, object]) -> str:
    """A trace's other values with one more, whatever was under its name before."""
    found = json.loads(extra)
    return canonical_json({**(found if isinstance(found, dict) else {"extra": found}), name: values})


def level_of(value: object, by: str, easy_from: float, hard_to: float) -> Level | None:
    """The level of a label, of a pass rate, or of a difficulty, which is one minus a pass rate; None for unknown."""
    if isinstance(value, str):
        return next((level for level in LEVELS if level == value.strip().lower()), None)
    if not isinstance(value, int | float) or value != value:
        return None
    rate = 1 - value if by == "difficulty" else value
    return "easy" if rate >= easy_from else "hard" if rate <= hard_to else "medium"
