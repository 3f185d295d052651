"""Annotator, Mapper, Selector: the three kinds of operator, and what each returns.

Measure and decide are separate: annotators compute scores once, selectors compare stored scores in SQL. Nothing is
mutated: a mapper returns new traces that name their parent.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, TypeVar

import pyarrow as pa

from curation.asker import Asker
from curation.models import Request, TokenScore
from curation.spec import Family, Spec
from curation.trace import Segment, Trace

Value = float | int | bool | str | None
ScoreType = Literal["number", "flag", "category"]

# What a person said of a trace: keep or drop, whether its answer is right, and whether there is a note.
LABELS: dict[str, ScoreType] = {"decision": "category", "human_correct": "flag", "noted": "flag"}
# What is known of a trace without any annotator; selectors and filters may use these like scores.
METADATA: dict[str, ScoreType] = {
    "dataset": "category",
    "split": "category",
    "subject": "category",
    "model": "category",
    "form": "category",
    "sample": "number",
    "closed": "flag",
    "given_correct": "flag",
    "n_chars": "number",
    **LABELS,
}


class Annotation(NamedTuple):
    """The scores of one trace by name; from a segmenter its segments, from an encoder its vector.

    From a model that scores, how likely each token of the reasoning is.
    """

    scores: Mapping[str, Value]
    segments: tuple[Segment, ...] | None = None
    vector: Sequence[float] | None = None
    surprise: Sequence[TokenScore] | None = None


class Failure(NamedTuple):
    """A row an operator could not handle, with the reason."""

    trace_id: str
    reason: str


class Dropped(NamedTuple):
    """A row a mapper leaves out on purpose, with the kind of reason, as selectors give one."""

    trace_id: str
    reason: str


class Kept(NamedTuple):
    """A row a mapper leaves as it is although it was to change it, with the kind of reason."""

    trace: Trace
    reason: str


class Decision(NamedTuple):
    """SQL expressions over the columns of `rows`: the measured value, whether to keep, why not, and the threshold.

    `reason` is a kind of reason, equal for all rows it holds for ("n_tokens is above 500"): the row's own number is
    its value. `other` is the id of the row kept in its place, where there is one. A decision that is `alone` reads
    nothing but the row itself; one with `rivals` keeps a row that shares these columns with no other.
    """

    value: str
    keep: str
    reason: str
    threshold: str
    other: str = "NULL"
    alone: bool = False
    rivals: tuple[str, ...] = ()


class Operator(Spec):
    """One step on traces."""

    tag = "op"
    kind: ClassVar[Literal["annotator", "mapper", "selector"]]
    needs_segments: ClassVar[bool] = False
    needs_vectors: ClassVar[bool] = False
    slots: ClassVar[tuple[str, ...]] = ()  # what its prompt may name, as in {question}

    def needs(self) -> tuple[str, ...]:
        """Names of the scores this step reads."""
        return ()

    def asks(self) -> tuple[str, ...]:
        """Names of the models this step asks; a step that asks one is handed an Asker."""
        return ()

    def request(self, trace: Trace) -> Request:
        """What the step asks first about a trace: shown while its prompt is edited, counted for an estimate."""
        raise TypeError(f"{self.title()} asks no model")


class Annotator(Operator):
    """Adds scores or segments; never changes the trace."""

    kind = "annotator"
    about: ClassVar[Literal["trace", "problem"]] = "trace"
    adds_segments: ClassVar[bool] = False
    adds_vectors: ClassVar[bool] = False
    adds_surprise: ClassVar[bool] = False

    @abstractmethod
    def adds(self) -> dict[str, ScoreType]:
        """Names and types of the scores added."""

    def at_once(self) -> bool:
        """True when it takes seconds over all rows, so that nobody has to start a run for it."""
        return False

    def annotate(self, trace: Trace) -> Annotation:
        """Score one trace; an exception marks this row failed and the rest go on."""
        raise TypeError(f"{self.title()} annotates batches or by query")

    def annotate_batch(self, traces: Sequence[Trace]) -> list[Annotation | Failure]:
        """Score several traces; override where a batch is faster, as with models."""
        return [guarded(self.annotate, trace) for trace in traces]

    def annotate_with(self, traces: Sequence[Trace], asker: Asker) -> list[Annotation | Failure]:
        """Score several traces with the models that `asks` names."""
        raise TypeError(f"{self.title()} asks no model")


class QueryAnnotator(Annotator):
    """An annotator over all rows at once, in SQL: ranks, rates, groups."""

    def at_once(self) -> bool:
        """SQL is fast."""
        return True

    @abstractmethod
    def query(self) -> str:
        """A SELECT of `id` and the added scores FROM rows."""


class CorpusAnnotator(Annotator):
    """An annotator that compares rows with each other: a sketch of each trace, then one look at all of them.

    Its results hold for the rows compared: where one row lacks them, they are computed anew for all.
    """

    sketch_type: ClassVar[pa.DataType | None] = None  # None: the text is not read, scores or vectors suffice

    def sketch(self, trace: Trace) -> object:
        """What the comparison needs of one trace, as a value of `sketch_type`."""
        raise TypeError(f"{self.title()} reads no text")

    @abstractmethod
    def conclude(self, rows: pa.Table) -> pa.Table:
        """`id` and the added scores of every row.

        `rows`, in order, has id, problem_id, pos, the other metadata, earlier scores, `sketch` where there is a
        sketch_type (NULL for a row that failed) and `vector` where `needs_vectors` (NULL where unknown).
        """

    def conclude_with(self, rows: pa.Table, asker: Asker) -> pa.Table:
        """As `conclude`, with the models that `asks` names."""
        raise TypeError(f"{self.title()} asks no model")


class Mapper(Operator):
    """Edits, splits or creates traces; scores of a changed trace have to be measured again."""

    kind = "mapper"
    keeps_segments: ClassVar[bool] = False

    def map(self, trace: Trace) -> list[Trace]:
        """The traces made from one; the trace itself when nothing changes; none when nothing is left."""
        raise TypeError(f"{self.title()} maps batches")

    def map_batch(self, traces: Sequence[Trace]) -> Sequence[list[Trace] | Failure | Dropped]:
        """Map several traces, failed rows in place."""
        return [guarded(self.map, trace) for trace in traces]

    def map_with(self, traces: Sequence[Trace], asker: Asker) -> list[list[Trace] | Failure | Dropped]:
        """Map several traces with the models that `asks` names."""
        raise TypeError(f"{self.title()} asks no model")

    def map_known(
        self, traces: Sequence[Trace], asker: Asker, known: Mapping[str, Mapping[str, Value]]
    ) -> Sequence[list[Trace] | Failure | Dropped | Kept]:
        """Map with models and with the scores that `needs` names, by trace id; override where they are read."""
        return self.map_with(traces, asker)


class Selector(Operator):
    """Chooses rows by their scores."""

    kind = "selector"

    def decide(self) -> Decision:
        """The decision as SQL; identifiers through `column`, text through `literal`."""
        raise TypeError(f"{self.title()} decides by table")


class TableSelector(Selector):
    """A selector that no SQL expression can decide: it looks at all rows at once, never at text."""

    @abstractmethod
    def judge(self, rows: pa.Table) -> pa.Table:
        """One row each: id, keep (flag), value, reason and threshold (NULL where none), other (id of the row kept).

        `rows`, in order, has id, problem_id, pos, the other metadata, earlier scores, and `vector` where
        `needs_vectors`.
        """


T = TypeVar("T")


def guarded(work: Callable[[Trace], T], trace: Trace) -> T | Failure:
    """The one place where a row's exception becomes a recorded failure."""
    try:
        return work(trace)
    except Exception as error:  # any row may be malformed; the engine counts failures and stops above its limit
        return Failure(trace.id, f"{type(error).__name__}: {error}"[:500])


def column(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Value) -> str:
    """A SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


OPERATORS: Family[Operator] = Family("operator", "curation.operators", Operator)
