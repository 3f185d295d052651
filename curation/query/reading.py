"""Reading: what every query over the store starts from - its columns, a filter as SQL, what was measured."""

import json
from abc import abstractmethod
from functools import cached_property
from typing import Any, Literal

import duckdb

from curation.errors import UserError, unknown
from curation.operator import METADATA, OPERATORS, Annotator, Operator, ScoreType, column
from curation.query import search, sql
from curation.query.filters import Filter, Search
from curation.query.remembered import Answers, remembered

SCORE_TYPES: dict[str, ScoreType] = {"BOOLEAN": "flag", "VARCHAR": "category"}
HIDDEN = ("id", "problem_id", "text_key", "parent_id")
SEGMENTS = """
SELECT id, segment.start AS start, segment.stop AS stop, segment.kind AS kind
FROM (SELECT id, unnest(segments) AS segment FROM {table})
"""


class Reading:
    """Cursors, columns and filters over the tables of schema.sql and the materialised `scores`."""

    version: int  # changes with traces and scores
    labelled: int  # changes with labels

    @cached_property
    def answers(self) -> Answers:
        """What was asked already."""
        return Answers()

    @abstractmethod
    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for one use."""

    @remembered
    def columns(self) -> dict[str, ScoreType]:
        """What can be filtered, charted and selected on: metadata first, then scores."""
        found = self.cursor().execute("DESCRIBE scores").fetchall()
        types = {row[0]: SCORE_TYPES.get(row[1], "number") for row in found if row[0] not in HIDDEN}
        return {name: types[name] for name in [*METADATA, *(n for n in types if n not in METADATA)]}

    def where(self, chosen: Filter) -> str:
        """The filter as SQL over `scores`; what has to be searched for is looked up once and joined by id."""
        parts = [chosen.where(self.columns())]
        parts += [f"id IN (SELECT id FROM {self.found(wanted)})" for wanted in chosen.searches()]
        return " AND ".join(part for part in parts if part != "TRUE") or "TRUE"

    @cached_property
    def _found(self) -> search.Found:
        return search.Found(self.cursor)

    def found(self, wanted: Search) -> str:
        """The table of the ids (and, by meaning, the similarity) a search finds."""
        cursor, text = self.cursor(), wanted.text
        if wanted.kind == "sql":
            views = self.views()
            return self._found.table((wanted, self.version), lambda name: sql.pick(cursor, name, text, views))
        if wanted.kind == "meaning":
            step = self.embedding()
            asked = (wanted, step.key(), self._rows(f"ann_{step.key()}"))
            return self._found.table(asked, lambda name: search.by_meaning(cursor, name, step, text, wanted.nearest))
        look = search.by_text if wanted.kind == "text" else search.by_regex
        # texts and problems are added, never changed
        rows = (self._rows("texts"), self._rows("problems"))
        return self._found.table((wanted, *rows), lambda name: look(cursor, name, text))

    def _rows(self, table: str) -> int:
        return int((self.cursor().execute(f"SELECT count(*) FROM {column(table)}").fetchone() or (0,))[0])

    def embedding(self) -> Operator:
        """The annotator whose vectors are the newest; UserError before anything is embedded."""
        newest = self.newest("vectors")
        if newest is None:
            raise UserError(
                "Nothing is embedded yet, so traces cannot be searched or drawn by meaning: measure 'embed' first."
            )
        return newest

    def newest(self, adding: Literal["segments", "vectors"]) -> Annotator | None:
        """The annotator that added segments, or vectors, most recently."""
        for step in reversed(self.annotations().values()):
            if isinstance(step, Annotator) and (step.adds_segments if adding == "segments" else step.adds_vectors):
                return step
        return None

    @remembered
    def annotations(self) -> dict[str, Operator]:
        """Annotators whose results are stored, by key, oldest first."""
        return annotators_in(self.cursor())

    def views(self) -> dict[str, str]:
        """What a person's SQL may read: tables by name, each as a query of ours."""
        names = ("scores", "problems", "texts", "labels", "imports", "annotations", "quarantine")
        found = {name: f"SELECT * FROM {name}" for name in names}
        segmenter = self.newest("segments")
        if segmenter:
            found["segments"] = SEGMENTS.format(table=column(f"ann_{segmenter.key()}"))
        return found

    def query(self, text: str, limit: int = 1000) -> sql.Rows:
        """The first rows of a person's SELECT; UserError when it is refused, wrong or slow."""
        return sql.run(self.cursor(), text, self.views(), limit)

    def query_csv(self, text: str, limit: int) -> bytes:
        """The rows of a person's SELECT as CSV, lists and structures as JSON."""
        return sql.to_csv(self.query(text, limit).table)

    def schema(self) -> dict[str, list[dict[str, str]]]:
        """What a person's SQL may read: of each table its columns with their types and an example."""
        return {name: sql.columns(self.cursor(), view) for name, view in self.views().items()}

    def _check(self, name: str, *kinds: ScoreType) -> None:
        fitting = [known for known, kind in self.columns().items() if not kinds or kind in kinds]
        if name not in fitting:
            raise unknown(" or ".join(kinds) or "column", name, fitting)


def annotators_in(cursor: duckdb.DuckDBPyConnection) -> dict[str, Operator]:
    """The annotators of the table `annotations` by key, oldest first.

    Left out are those an older Winnow measured in another way: their results are other scores, to be measured anew.
    """
    rows = cursor.execute("SELECT key, spec FROM annotations ORDER BY rowid").fetchall()
    return {key: step for key, spec in rows if (step := _known(json.loads(spec))) and step.key() == key}


def _known(spec: dict[str, Any]) -> Operator | None:
    try:
        return OPERATORS.parse(spec)
    except UserError:  # an operator, or a field of it, that is no more
        return None
