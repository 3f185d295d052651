"""A whole set as one student sees it: every row measured once, slice by slice, and kept beside the set.

What is measured does not depend on the longest row allowed, so moving that limit only counts again. A slice is small
enough for a page to take one between two looks at the screen; an interrupted inspection goes on where it stopped.
"""

import hashlib
import threading
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.application.batches import score_schema
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.operators.fit_student import FitStudent
from curation.rendering import MARKS, student_tokenizer
from curation.table import parts, write_part
from curation.trace import Trace
from training.rows.data import DEFECTS, RED, Check, Defect
from training.rows.reading import PLAIN, Reading

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    Whole = np.ndarray[tuple[int], np.dtype[np.int64]]
    Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

FOLDER = ".fit"  # beside the sets
SLICE_ROWS, SLICE_CHARS = 500, 1_000_000  # ours: below half a second on one slow core
RANGES = [("over_budget", pa.bool_()), ("starts", pa.list_(pa.int32())), ("stops", pa.list_(pa.int32()))]
VERSION = 2  # of what is measured
_ONE_AT_A_TIME = threading.Lock()


class Inspection:
    """How the rows of a set fit one student, as an objective has them read."""

    def __init__(
        self, curated: CuratedSet, name: str, tokenizer: "PreTrainedTokenizerBase", reading: Reading = PLAIN
    ) -> None:
        """`name` is the student's folder or hub name; its tokenizer and template decide which results are its own."""
        self.curated, self.step, self.most = curated, FitStudent(tokenizer=name), tokenizer.model_max_length
        self.reading = reading
        hashes = [part.sha256 for part in curated.manifest.parts]
        about = [fingerprint(tokenizer), reading.key(), f"{self.step.version} {VERSION}", *hashes]
        key = hashlib.sha256("\n".join(about).encode())
        self.folder = curated.folder.parent / FOLDER / f"{curated.name}-{key.hexdigest()[:16]}"
        self.whole = self.folder / "rows.parquet"

    @property
    def total(self) -> int:
        """Rows of the set."""
        return self.curated.manifest.rows

    def done(self) -> int:
        """Rows measured so far."""
        paths = [self.whole] if self.whole.is_file() else parts(self.folder)
        return sum(pq.read_metadata(path).num_rows for path in paths)

    def advance(self) -> bool:
        """Measure the next slice; True once every row is measured."""
        with _ONE_AT_A_TIME:
            done = self.done()
            if done < self.total:
                self._measure(done)
            elif self.total and not self.whole.is_file():
                self._join()
            return self.done() >= self.total

    def finish(self) -> None:
        """Measure every row that is left."""
        while not self.advance():
            pass

    def _measure(self, start: int) -> None:
        traces, tokenizer = self._slice(start), student_tokenizer(self.step.tokenizer)
        rows: list[dict[str, object]] = []
        for number, trace in enumerate(traces, start + 1):
            try:
                rows.append(self._row(tokenizer, trace))
            except UserError:
                raise
            except Exception as error:  # whatever a chat template may raise
                raise UserError(
                    f"The chat template of '{self.step.tokenizer}' cannot render row {number}: {error}. "
                    "Choose another student, or mend its template."
                ) from error
        schema = score_schema(self.step)
        for name, kind in RANGES:
            schema = schema.append(pa.field(name, kind))
        write_part(pa.Table.from_pylist(rows, schema), self.folder / f"part-{start:09d}.parquet")
        if start + len(traces) >= self.total:
            self._join()

    def _row(self, tokenizer: "PreTrainedTokenizerBase", trace: Trace) -> dict[str, object]:
        """What FitStudent would measure, as this reading has the trace, and which tokens carry loss."""
        read = self.reading.read(tokenizer, trace)
        return {
            "id": trace.id,
            "student_tokens": len(read.chat.token_ids),
            "prompt_tokens": read.chat.n_prompt,
            "trained_tokens": sum(stop - start for start, stop in read.ranges),
            **{mark: mark in read.chat.marks for mark in MARKS},
            "over_budget": read.over_budget,
            "starts": [start for start, _ in read.ranges],
            "stops": [stop for _, stop in read.ranges],
        }

    def _slice(self, start: int) -> list[Trace]:
        rows: list[Trace] = []
        chars = 0
        for trace in self.curated.traces(start):
            rows.append(trace)
            chars += len(trace.reasoning) + len(trace.answer)
            if len(rows) >= SLICE_ROWS or chars >= SLICE_CHARS:
                break
        return rows

    def _join(self) -> None:
        """Put the slices into one file."""
        paths = parts(self.folder)
        write_part(pa.concat_tables([pq.read_table(path) for path in paths]), self.whole)
        for path in paths:
            path.unlink()

    def rows(self) -> pa.Table:
        """What was measured so far, in row order."""
        paths = [self.whole] if self.whole.is_file() else parts(self.folder)
        return pa.concat_tables([pq.read_table(path) for path in paths]) if paths else pa.table({"id": []})

    def fit(self) -> pa.Table:
        """What FitStudent measures, of the plain reading."""
        return self.rows().drop_columns([name for name, _ in RANGES])

    def limit(self, max_length: int) -> int:
        """The longest row, as far as the student can read."""
        return int(min(max_length, self.most))


def fingerprint(tokenizer: "PreTrainedTokenizerBase") -> str:
    """A hash of the vocabulary and the chat template."""
    vocabulary = "\n".join(f"{token}\t{number}" for token, number in sorted(tokenizer.get_vocab().items()))
    found = hashlib.sha256(vocabulary.encode("utf-8", "replace"))
    found.update(str(tokenizer.chat_template).encode())
    return found.hexdigest()


def masks(rows: pa.Table, limit: int) -> "dict[Defect, Mask]":
    """Which rows have each defect when rows longer than the limit are cut."""
    found: dict[Defect, Mask] = {
        "no_trained_token": trained(rows, limit) == 0,
        "answer_cut": _column(rows, "student_tokens") > limit,
        "over_budget": rows.column("over_budget").to_numpy().astype(np.bool_),
    }
    return found | {mark: rows.column(mark).to_numpy().astype(np.bool_) for mark in MARKS}


def count(rows: pa.Table, limit: int) -> Check:
    """Counts of tokens and defects over measured rows."""
    if not rows.num_rows:
        return Check(0, 0, 0, dict.fromkeys(DEFECTS, 0), 0, 0)
    tokens = _column(rows, "student_tokens")
    kept, found = np.minimum(tokens, limit), masks(rows, limit)
    red = np.logical_or.reduce([found[defect] for defect in RED])
    counts = {defect: int(found[defect].sum()) for defect in DEFECTS}
    return Check(
        rows.num_rows, int(kept.sum()), int(trained(rows, limit).sum()), counts, int(red.sum()), int(tokens.max())
    )


def trained(rows: pa.Table, limit: int) -> "Whole":
    """How many tokens of each row carry loss when rows longer than the limit are cut."""
    starts, stops = (_lists(rows, name) for name in ("starts", "stops"))
    clipped = np.maximum(0, np.minimum(stops, limit) - starts)
    owners = pc.list_parent_indices(rows.column("starts").combine_chunks()).to_numpy(zero_copy_only=False)
    return np.bincount(owners.astype(np.int64), clipped, rows.num_rows).astype(np.int64)


def places(rows: pa.Table, limit: int, defect: Defect) -> list[int]:
    """Numbers of the rows with a defect, from 0."""
    return [int(place) for place in np.flatnonzero(masks(rows, limit)[defect])]


def affected(rows: pa.Table, limit: int, defects: list[Defect]) -> int:
    """How many rows have one of these defects."""
    found = masks(rows, limit)
    return int(np.logical_or.reduce([found[defect] for defect in defects]).sum()) if defects else 0


def _lists(rows: pa.Table, name: str) -> "Whole":
    """The numbers of all lists of a column, one behind the other."""
    return np.asarray(pc.list_flatten(rows.column(name)).to_numpy(), dtype=np.int64)


def _column(rows: pa.Table, name: str) -> "Whole":
    return np.asarray(rows.column(name).to_numpy(), dtype=np.int64)
