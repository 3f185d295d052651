"""Browse: what pages and the command line read from the store; every method is one or two queries."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curation.application.batches import attached_schema, score_schema
from curation.errors import UserError, unknown
from curation.models import TokenScore
from curation.operator import LABELS, Annotator, QueryAnnotator, column, literal
from curation.query import places
from curation.query.distributions import Distributions
from curation.query.filters import Filter
from curation.query.reading import HIDDEN
from curation.query.remembered import remembered
from curation.table import LIGHT, ROW_GROUP, SCHEMA, write_part
from curation.trace import Problem, Trace

PREVIEW = 200  # characters of a question in a list
FETCH = 500  # traces with text per query
SIMILARITY = "similarity_to_search"  # of a page's rows to what was searched by meaning
FULL = """
SELECT t.*, t.rowid AS place, p.reference, p.media, p.question, x.reasoning, x.answer, x.extra, NULL AS segments
FROM traces t JOIN problems p ON p.id = t.problem_id JOIN texts x ON x.id = t.id
"""


class Counts(NamedTuple):
    """How much a filter shows; tokens is None while some row is not counted."""

    rows: int
    problems: int
    chars: int
    tokens: int | None


class Browse(Distributions):
    """Read queries over the tables of schema.sql and the materialised `scores`."""

    @remembered
    def count(self, chosen: Filter) -> Counts:
        """Rows, problems, characters and tokens the filter shows."""
        tokens = "if(count(n_tokens) = count(*), sum(n_tokens), NULL)" if "n_tokens" in self.columns() else "NULL"
        query = f"SELECT count(*), count(DISTINCT problem_id), coalesce(sum(n_chars), 0), {tokens} FROM scores"
        row = self.cursor().execute(f"{query} WHERE {self.where(chosen)}").fetchone()
        rows, problems, chars, n_tokens = row or (0, 0, 0, None)
        return Counts(rows, problems, int(chars), None if n_tokens is None else int(n_tokens))

    def page(
        self, chosen: Filter, sort: str = "", descending: bool = False, offset: int = 0, limit: int = 50
    ) -> pa.Table:
        """A page of light columns, scores and the start of the question.

        In import order unless sorted; a search by meaning comes with its similarity, the most similar first.
        """
        if sort and sort not in self.columns():
            raise unknown("score to sort by", sort, list(self.columns()))
        direction = "DESC" if descending else "ASC"
        meant = next((wanted for wanted in chosen.searches() if wanted.kind == "meaning"), None)
        join = f"JOIN (SELECT id, similarity AS {SIMILARITY} FROM {self.found(meant)}) USING (id)" if meant else ""
        alike = f", {SIMILARITY}" if meant else ""
        order = f"{column(sort)} {direction} NULLS LAST, place" if sort else "place"
        order = f"{SIMILARITY} DESC, {order}" if meant and not sort else order
        query = f"""
            WITH numbered AS (SELECT *, rowid AS place FROM scores {join}),
            page AS (
                SELECT place{alike} FROM numbered WHERE {self.where(chosen)}
                ORDER BY {order} LIMIT {limit:d} OFFSET {offset:d}
            ),
            shown AS (SELECT *, rowid AS place FROM scores WHERE rowid IN (SELECT place FROM page))
            SELECT shown.* EXCLUDE (place){alike}, left(p.question, {PREVIEW}) AS question
            FROM shown JOIN page USING (place) JOIN problems p ON p.id = shown.problem_id ORDER BY {order}"""
        return self.cursor().sql(query).to_arrow_table()

    def ids(self, chosen: Filter, limit: int | None = None) -> list[str]:
        """Ids of the traces the filter shows, in import order."""
        cut = f"LIMIT {limit:d}" if limit is not None else ""
        query = f"SELECT id FROM scores WHERE {self.where(chosen)} ORDER BY rowid {cut}"
        return [row[0] for row in self.cursor().execute(query).fetchall()]

    def trace(self, trace_id: str) -> Trace:
        """One trace with its segments; UserError when there is none."""
        found = next(self.traces([trace_id]), [])
        if not found:
            raise UserError(f"There is no trace '{trace_id}' in this workspace; choose one from the list of traces.")
        return found[0]

    def traces(self, ids: list[str]) -> Iterator[list[Trace]]:
        """Traces by id, in the given order, in batches, with their segments."""
        waiting = iter(ids)
        while chunk := list(islice(waiting, FETCH)):
            newest = self.newest("segments")
            by_id = places.traces(self.cursor(), self._places(*chunk), f"ann_{newest.key()}" if newest else None)
            yield [by_id[trace_id] for trace_id in chunk if trace_id in by_id]

    def questions(self, ids: list[str]) -> dict[str, str]:
        """The questions that traces answer, by id of the trace."""
        found = places.rows(self.cursor(), "traces", "id, problem_id", self._places(*ids))
        problems = {row["problem_id"] for row in found.values()}
        asked = places.by_ids(self.cursor(), "problems", "id, question", problems)
        return {name: asked[row["problem_id"]]["question"] for name, row in found.items()}

    @remembered
    def _places(self, *ids: str) -> dict[str, int]:
        return places.places(self.cursor(), ids)

    def scores(self, trace_id: str) -> dict[str, Any]:
        """Every column of one trace by name."""
        found = places.rows(self.cursor(), "scores", "*", self._places(trace_id))
        return {name: value for row in found.values() for name, value in row.items() if name not in HIDDEN}

    def surprised(self, trace_id: str) -> dict[str, Annotator]:
        """The models' scorings that tell the surprise of a trace's tokens, by the score each added."""
        found: dict[str, Annotator] = {}
        for key, step in self.annotations().items():
            if isinstance(step, Annotator) and step.adds_surprise:
                query = f"SELECT 1 FROM {column('ann_' + key)} WHERE id = $id AND surprise IS NOT NULL"
                if self.cursor().execute(query, {"id": trace_id}).fetchone():
                    found[next(iter(step.adds()))] = step
        return found

    def surprise(self, trace_id: str, step: Annotator) -> list[TokenScore]:
        """How likely each token of a trace's reasoning was in that scoring."""
        tokens = self.attached(step, "surprise", {trace_id})["surprise"].combine_chunks()
        stops, values = (array.to_pylist() for array in tokens.flatten().flatten())
        return list(map(TokenScore, stops, values))

    def siblings(self, problem_id: str) -> pa.Table:
        """All traces of a problem: light columns and scores."""
        query = "FROM scores WHERE problem_id = $id ORDER BY rowid"
        return self.cursor().sql(query, params={"id": problem_id}).to_arrow_table()

    def imports(self) -> pa.Table:
        """Imports, newest first, with what became of their rows."""
        return self.cursor().sql("FROM imports ORDER BY rowid DESC").to_arrow_table()

    def quarantine(self, offset: int = 0, limit: int = 50) -> pa.Table:
        """A page of quarantined rows: file, line, reason, raw text."""
        query = f"SELECT file, line, reason, raw FROM quarantine ORDER BY rowid LIMIT {limit:d} OFFSET {offset:d}"
        return self.cursor().sql(query).to_arrow_table()

    def quarantine_count(self) -> int:
        """Number of quarantined rows."""
        return int((self.cursor().execute("SELECT count(*) FROM quarantine").fetchone() or (0,))[0])

    def datasets(self) -> pa.Table:
        """Datasets by name with their traces, problems, and problems with a reference answer."""
        query = """
            SELECT coalesce(p.dataset, t.dataset) AS dataset, coalesce(t.traces, 0) AS traces, p.problems, p.answered
            FROM (SELECT dataset, count(*) AS problems, count(reference) AS answered FROM problems GROUP BY 1) p
            FULL JOIN (SELECT dataset, count(*) AS traces FROM traces GROUP BY 1) t ON p.dataset = t.dataset
            ORDER BY 1"""
        return self.cursor().sql(query).to_arrow_table()

    def write_problems(self, dataset: str, path: Path) -> int:
        """Write a dataset's problems with a reference answer as Parquet, where there are any; returns how many."""
        query = "FROM problems WHERE dataset = $dataset AND reference IS NOT NULL ORDER BY rowid"
        table = self.cursor().sql(query, params={"dataset": dataset}).to_arrow_table()
        if table.num_rows:
            write_part(table, path)
        return int(table.num_rows)

    def problems(self, asked: Filter | str) -> list[Problem]:
        """The problems of the traces a filter shows, or of a dataset, with or without traces; in import order."""
        if isinstance(asked, str):
            condition = f"dataset = {literal(asked)}"
        else:
            condition = f"id IN (SELECT problem_id FROM scores WHERE {self.where(asked)})"
        query = f"SELECT question, reference, dataset, split, subject, media FROM problems WHERE {condition}"
        rows = self.cursor().sql(f"{query} ORDER BY rowid").to_arrow_table().to_pylist()
        return [Problem(**{**row, "media": tuple(row["media"] or ())}) for row in rows]

    def light(self, chosen: Filter) -> pa.Table:
        """The LIGHT columns and labels of the traces the filter shows, in import order."""
        names = ", ".join(column(name) for name in [*LIGHT, *LABELS])
        query = f"SELECT {names} FROM scores WHERE {self.where(chosen)} ORDER BY rowid"
        return self.cursor().sql(query).to_arrow_table()

    def known(self, step: Annotator) -> pa.Table:
        """An annotator's stored scores and failures; nothing for those of a query, which are never stored."""
        schema = score_schema(step)
        if not self._is_stored(step):
            return schema.empty_table()
        names = ", ".join(column(name) for name in schema.names)
        return self.cursor().sql(f"SELECT {names} FROM {column('ann_' + step.key())}").to_arrow_table()

    def attached(self, step: Annotator, name: str, ids: set[str]) -> pa.Table:
        """The stored segments or vectors of these traces."""
        if not self._is_stored(step):
            return attached_schema(name).empty_table()
        cursor = self.cursor()
        cursor.register("wanted", pa.table({"id": pa.array(ids, pa.string())}))
        query = f"SELECT id, {name} FROM {column('ann_' + step.key())} SEMI JOIN wanted USING (id)"
        return cursor.sql(f"{query} WHERE {name} IS NOT NULL").to_arrow_table()

    def _is_stored(self, step: Annotator) -> bool:
        query = "SELECT 1 FROM annotations WHERE key = $key AND NOT query"
        return self.cursor().execute(query, {"key": step.key()}).fetchone() is not None

    def write_traces(self, chosen: Filter, path: Path) -> None:
        """Write the traces the filter shows to one Parquet file of table.SCHEMA, in import order."""
        names = ", ".join(column(name) for name in SCHEMA.names if name != "segments")
        self.cursor().execute(
            f"COPY (SELECT {names}, NULL::STRUCT(start INTEGER, stop INTEGER, kind VARCHAR)[] AS segments "
            f"FROM ({FULL}) WHERE id IN (SELECT id FROM scores WHERE {self.where(chosen)}) ORDER BY place) "
            f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )

    def select(self, condition: str, limit: int) -> pa.Table:
        """Traces for which a SQL condition over `scores` holds, or which a SELECT names; UserError when it is none."""
        try:
            return self.page(Filter(sql=condition or "TRUE"), limit=limit)
        except UserError as error:
            raise UserError(f"{error} Columns of scores: {', '.join(self.columns())}.") from None

    def write_stored(self, step: Annotator, folder: Path) -> None:
        """Write an annotator's stored results as KEY.parquet, where there are any."""
        if self._is_stored(step):
            folder.mkdir(parents=True, exist_ok=True)
            path = literal(str(folder / f"{step.key()}.parquet"))
            self.cursor().execute(f"COPY {column('ann_' + step.key())} TO {path} (FORMAT parquet, COMPRESSION zstd)")

    def write_labels(self, chosen: Filter, path: Path) -> None:
        """Write the labels of the filtered traces that have any."""
        names = ", ".join(LABELS)
        labelled = "(decision IS NOT NULL OR human_correct IS NOT NULL OR noted)"
        self.cursor().execute(
            f"COPY (SELECT id, {names} FROM scores WHERE {labelled} AND {self.where(chosen)}) TO "
            f"{literal(str(path))} (FORMAT parquet)"
        )

    @remembered
    def is_complete(self, step: Annotator) -> bool:
        """True when every trace has a stored result of this annotator, or it is computed by query."""
        if isinstance(step, QueryAnnotator):
            return True
        if not self._is_stored(step):
            return False
        table = column(f"ann_{step.key()}")
        query = f"SELECT (SELECT count(*) FROM traces) = (SELECT count(*) FROM {table})"
        return self.cursor().execute(query).fetchone() == (True,)
