"""Preference pairs: a better and a worse trace of one problem under one prompt, as TRL's DPO and ORPO trainers read.

The better one is right; the worse one is wrong, or right as well and longer.
"""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import orjson
import pyarrow as pa
from pydantic import Field

from curation.curated import CuratedSet
from curation.errors import UserError, unknown
from curation.exports.base import Card, Content, Format, write_lines
from curation.exports.render import render_completion, render_prompt
from curation.params import Positive, ScoreName
from curation.table import from_table

Order = Literal["shortest", "longest", "first"]
Against = Literal["wrong", "longer"]


class Candidate(NamedTuple):
    """Where a rendered trace lies in the scratch file, and how long it is."""

    place: int
    size: int
    chars: int


class Pair(NamedTuple):
    """A prompt and the two completions under it."""

    prompt: str
    chosen: str
    rejected: str
    chosen_id: str
    rejected_id: str


class Pairs(Format):
    """Better and worse traces of one problem as chosen and rejected; what DPO, ORPO and KTO trainers read."""

    format: Literal["pairs"] = "pairs"
    layout: Literal["conversational", "standard"] = Field(
        "conversational", description="Chat messages, or plain texts without a chat template"
    )
    right: ScoreName = Field("correct", description="Flag that tells right traces from wrong ones")
    chosen: Order = Field("shortest", description="Which right trace of a problem is chosen")
    against: Against = Field("wrong", description="Rejected: a wrong trace, or a right one that is longer")
    rejected: Order = Field("longest", description="Which of those of a problem is rejected")
    per_problem: Positive = Field(1, description="Most pairs of one problem")
    other_set: str = Field("", description="Set that gives the rejected traces; empty: this one")

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write one pair a line; texts wait in a scratch file, so memory holds no more than one pair."""
        return write_lines((self._row(pair) for pair in self.pairs(content)), out)

    def pairs(self, content: Content) -> Iterator[Pair]:
        """The pairs in the order in which the problems first appear."""
        with tempfile.TemporaryFile() as scratch:
            good, bad = self._gather(content, scratch, {True, False})
            worse = bad if self.against == "wrong" else good
            if self.other_set:
                others = self._gather(self._other(content), scratch, {self.against == "longer"})
                worse = others[1] if self.against == "wrong" else others[0]
            for problem in good:
                rights, wrongs = ranked(good[problem], self.chosen), ranked(worse.get(problem, []), self.rejected)
                nearest = sorted(product(range(len(rights)), range(len(wrongs))), key=lambda pair: (sum(pair), pair))
                pairs = [(rights[one], wrongs[other]) for one, other in nearest]
                told = [pair for pair in pairs if self.against == "wrong" or pair[0].chars < pair[1].chars]
                for one, other in told[: self.per_problem]:
                    yield _pair(_read(scratch, one), _read(scratch, other))

    def _gather(
        self, content: Content, scratch: BinaryIO, wanted: set[bool]
    ) -> tuple[dict[str, list[Candidate]], dict[str, list[Candidate]]]:
        """Write the traces whose flag is wanted to the scratch file; right and wrong ones by problem."""
        require_flag(content.schema, self.right)
        found: dict[bool, dict[str, list[Candidate]]] = {True: {}, False: {}}
        for table in content.tables:
            for trace, flag in zip(from_table(table), table.column(self.right).to_pylist(), strict=True):
                if flag in wanted:
                    text = [render_prompt(trace), render_completion(trace), trace.id]
                    place, line = scratch.seek(0, 2), orjson.dumps(text)
                    scratch.write(line)
                    candidate = Candidate(place, len(line), len(text[1]))
                    found[flag].setdefault(trace.problem.id, []).append(candidate)
        return found[True], found[False]

    def _other(self, content: Content) -> Content:
        if content.others is None:
            raise UserError("Wrong traces of another set can be taken only where a curated set is exported.")
        other = CuratedSet(content.others / Path(self.other_set).name)
        return Content(other.schema(), other.tables())

    def _row(self, pair: Pair) -> dict[str, object]:
        ids = {"chosen_id": pair.chosen_id, "rejected_id": pair.rejected_id}
        if self.layout == "standard":  # the separator begins the completion: see render_prompt
            return {"prompt": pair.prompt, "chosen": f"\n{pair.chosen}", "rejected": f"\n{pair.rejected}", **ids}
        said = [{"role": "user", "content": pair.prompt}]
        chosen, rejected = ([{"role": "assistant", "content": text}] for text in (pair.chosen, pair.rejected))
        return {"prompt": said, "chosen": chosen, "rejected": rejected, **ids}


def require_flag(schema: pa.Schema, name: str) -> None:
    """UserError unless the rows carry that flag; it names those they carry."""
    flags = [field.name for field in schema if pa.types.is_boolean(field.type)]
    if name not in flags:
        raise unknown("flag of right traces in this set", name, flags)


def ranked(candidates: Sequence[Candidate], order: Order) -> list[Candidate]:
    """Candidates in the order in which they are taken."""
    if order == "first":
        return list(candidates)
    return sorted(candidates, key=lambda one: one.chars, reverse=order == "longest")


def _read(scratch: BinaryIO, candidate: Candidate) -> list[str]:
    scratch.seek(candidate.place)
    found: list[str] = orjson.loads(scratch.read(candidate.size))
    return found


def _pair(good: list[str], bad: list[str]) -> Pair:
    return Pair(good[0], good[1], bad[1], good[2], bad[2])
