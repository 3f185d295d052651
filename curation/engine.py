"""apply(steps, source, scratch) -> Result: the one engine of preview, worker, command line and tests.

Light columns and scores live in an in-memory DuckDB table `rows` (only rows still kept); text streams through
annotators and mappers in batches and is written to parquet parts under `scratch`, so memory stays constant and a
relaunched application computes only the parts that are missing.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from curation.batches import VERDICTS, annotate_batch, annotation_schema, map_batch, read_parquet, with_segments
from curation.errors import UserError
from curation.executors import Executor, Local
from curation.operator import Annotator, Mapper, Operator, QueryAnnotator, Selector, column
from curation.recipe import check
from curation.report import StepReport, measure
from curation.result import Result
from curation.sources import Parts, Source
from curation.table import write_part
from curation.trace import Trace

FAIL_LIMIT = 0.05  # ours: a step that fails on more of its rows is a broken step, not broken rows
MEMORY = "600MB"
SEGMENTS = "CREATE TABLE segments (id VARCHAR, segments STRUCT(start INT, stop INT, kind VARCHAR)[])"
Out = TypeVar("Out")
Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, label: str) -> None:
    """The progress callback of nobody."""


def apply(
    steps: Sequence[Operator],
    source: Source,
    scratch: Path,
    executor: Executor | None = None,
    sample: int | None = None,
    progress: Progress = silent,
) -> Result:
    """Apply steps to a source's traces.

    With `sample`, a step that has to read the text of more rows than that goes on with a fixed sample of them, and
    the counts from there on are estimates. Raises UserError for a recipe that cannot run or a step that fails on
    more than FAIL_LIMIT of its rows.
    """
    check(steps)
    application = Application(source, scratch, sample)
    application.executor, application.progress = executor or Local(), progress
    for number, step in enumerate(steps, 1):
        application.take(number, step)
    return Result(application.connection, list(steps), application.reports, application.sources)


class Application:
    """The rows, segments and text parts between two steps."""

    executor: Executor = Local()
    progress: Progress = staticmethod(silent)

    def __init__(self, source: Source, scratch: Path, sample: int | None) -> None:
        """Load the source's light columns; each id counts once."""
        self.source, self.scratch, self.sample = source, scratch, sample
        self.chain, self.scale, self.about_problem = "start", 1.0, set[str]()
        self.reports: list[StepReport] = []
        self.sources: list[Source] = [source]
        spill = str(scratch / "spill")
        self.connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": spill})  # in memory
        self.sql(SEGMENTS)
        self._load_rows(source.rows())

    def sql(self, query: str, values: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
        """Execute to the end, so that the connection is free for the next statement."""
        return self.connection.execute(query, values).fetchall()

    def _load_rows(self, table: pa.Table) -> None:
        self.connection.register("loaded", table)
        self.sql(
            "CREATE OR REPLACE TABLE rows AS SELECT * FROM (SELECT row_number() OVER () AS pos, * FROM loaded) "
            "QUALIFY row_number() OVER (PARTITION BY id ORDER BY pos) = 1 ORDER BY pos"
        )
        self.connection.unregister("loaded")

    def take(self, number: int, step: Operator) -> None:
        """Apply one step and report it."""
        began, chain = time.monotonic(), f"{self.chain} {step.key()}"
        rows_in = round(self._count() * self.scale)
        try:
            if isinstance(step, QueryAnnotator):
                self._join_scores(step, step.query())
                self._no_verdicts(number)
            elif isinstance(step, Annotator):
                self._annotate(number, step)
            elif isinstance(step, Mapper):
                self._map(number, step)
            elif isinstance(step, Selector):
                self._select(number, step)
        except (duckdb.BinderException, duckdb.ConversionException) as error:
            raise UserError(f"Step {number} ({step.title()}) does not fit the scores it reads: {error}") from error
        self.chain = hashlib.sha256(chain.encode()).hexdigest()[:12]
        self.sources.append(self.source)
        report = measure(self.connection, number, step, rows_in, self.scale)
        self.reports.append(report.model_copy(update={"seconds": round(time.monotonic() - began, 3)}))
        self._check_failures(number, step)

    def _select(self, number: int, step: Selector) -> None:
        """One scan decides; the rows kept go on."""
        decision = step.decide()
        judged = (
            f"SELECT id, ({decision.value}) AS value, coalesce(({decision.keep}), FALSE) AS keep, ({decision.reason}) "
            f"AS reason, ({decision.threshold})::VARCHAR AS threshold FROM rows"
        )
        self.sql(
            f"CREATE TABLE verdict_{number} AS SELECT id, if(keep, 'kept', 'dropped') AS verdict, NULL::VARCHAR[] "
            f"AS became, if(keep, NULL, reason) AS reason, value, threshold FROM ({judged})"
        )
        self._keep_only(f"SELECT id FROM verdict_{number} WHERE verdict = 'kept'")

    def _annotate(self, number: int, step: Annotator) -> None:
        """Compute what is neither stored nor left by an interrupted application, then join it to the rows."""
        folder = self.scratch / step.key()
        schema = annotation_schema(step)
        stored = self.source.known(step)
        self.connection.register("stored", schema.empty_table() if stored is None else stored)
        paths = sorted(folder.glob("part-*.parquet"))
        missing = self._missing(paths)
        if self.sample is not None and len(missing) > self.sample:
            self._thin_out(self.sample)
            missing &= self._ids()
        for table in self._run(
            partial(annotate_batch, step), missing, f"{number}. {step.title()}", step.needs_segments
        ):
            paths.append(folder / f"part-{len(paths):05d}.parquet")
            write_part(table, paths[-1])
        names = ", ".join(column(name) for name in schema.names)
        results = f"SELECT {names} FROM stored {_union(names, paths)}"
        self._join_scores(step, results)
        self._no_verdicts(number)
        self.sql(
            f"INSERT INTO verdict_{number} BY NAME SELECT id, 'failed' AS verdict, failure AS reason FROM ({results}) "
            "WHERE failure IS NOT NULL AND id IN (SELECT id FROM rows)"
        )

    def _missing(self, paths: list[Path]) -> set[str]:
        known = f"SELECT id FROM stored {_union('id', paths)}"
        return self._ids(f"SELECT id FROM rows WHERE id NOT IN ({known})")

    def _join_scores(self, step: Annotator, query: str) -> None:
        """Replace the step's scores in `rows`, and the segments where it adds them."""
        for name in {row[0] for row in self.sql("DESCRIBE rows")} & set(step.adds()):
            self.sql(f"ALTER TABLE rows DROP {column(name)}")
        self.sql(f"CREATE OR REPLACE TEMP TABLE scored AS {query}")
        new = "".join(f", s.{column(name)}" for name in step.adds())
        self.sql(
            f"CREATE OR REPLACE TABLE rows AS SELECT r.*{new} FROM rows r LEFT JOIN scored s USING (id) ORDER BY pos"
        )
        if step.adds_segments:
            self.sql("CREATE OR REPLACE TABLE segments AS SELECT id, segments FROM scored")
        self.sql("DROP TABLE scored")  # with segments, the largest thing held
        if step.about == "problem":
            self.about_problem |= set(step.adds())

    def _no_verdicts(self, number: int) -> None:
        self.sql(
            f"CREATE TABLE verdict_{number} (id VARCHAR, verdict VARCHAR, became VARCHAR[], reason VARCHAR, "
            "value DOUBLE, threshold VARCHAR)"
        )

    def _map(self, number: int, step: Mapper) -> None:
        """Write the children to new parts; scores of the trace are cleared, those of the problem stay."""
        if self.sample is not None and self._count() > self.sample:
            self._thin_out(self.sample)
        folder = self.scratch / f"{number:02d}_{self.chain}_{step.key()}"
        self.connection.register("judged", self._map_parts(number, step, folder))
        self._no_verdicts(number)
        self.sql(f"INSERT INTO verdict_{number} BY NAME SELECT * FROM judged")
        self.sql("CREATE OR REPLACE TEMP TABLE parents AS FROM rows")
        self.source = Parts(sorted(folder.glob("part-*.parquet")))
        self._load_rows(self.source.rows())
        self.sql(f"ALTER TABLE segments RENAME TO segments_{number}")  # for the examples
        self.sql(SEGMENTS)
        carried = "".join(f", p.{column(name)}" for name in sorted(self.about_problem))
        self.sql(
            f"CREATE OR REPLACE TABLE rows AS SELECT c.* {carried} FROM rows c "
            f"JOIN (SELECT id AS parent, unnest(became) AS id FROM verdict_{number}) o ON o.id = c.id "
            "JOIN parents p ON p.id = o.parent QUALIFY row_number() OVER (PARTITION BY c.id) = 1 ORDER BY c.pos"
        )

    def _map_parts(self, number: int, step: Mapper, folder: Path) -> pa.Table:
        """Run the mapper over what an interrupted application has not finished; returns every verdict."""
        finished = len(sorted(folder.glob("part-*.parquet")))
        tables = [pq.read_table(path) for path in sorted(folder.glob("verdict-*.parquet"))[:finished]]
        left = self._ids() - {value for table in tables for value in table.column("id").to_pylist()}
        for mapped in self._run(partial(map_batch, step), left, f"{number}. {step.title()}", segments=True):
            write_part(mapped.verdicts, folder / f"verdict-{len(tables):05d}.parquet")
            write_part(mapped.traces, folder / f"part-{len(tables):05d}.parquet")
            tables.append(mapped.verdicts)
        return pa.concat_tables([VERDICTS.empty_table(), *tables])

    def _run(self, work: Callable[[list[Trace]], Out], ids: set[str], label: str, segments: bool) -> Iterator[Out]:
        """The batch function over the traces of these ids, with progress in rows."""
        done, sizes = 0, list[int]()

        def batches() -> Iterator[list[Trace]]:
            plain = self.source.traces(ids)
            for batch in with_segments(self.connection.cursor(), plain) if segments else plain:
                sizes.append(len(batch))
                yield batch

        self.progress(0, len(ids), label)
        for result in self.executor.map(work, batches() if ids else iter(())):
            yield result
            done += sizes.pop(0)
            self.progress(done, len(ids), label)

    def _thin_out(self, size: int) -> None:
        """Go on with a fixed sample of the problems' rows; counts from here on are scaled up."""
        before = self._count()
        self._keep_only(f"SELECT id FROM rows ORDER BY hash(problem_id), pos LIMIT {size}")
        self.scale *= before / self._count()

    def _keep_only(self, ids: str) -> None:
        self.sql(f"CREATE OR REPLACE TABLE rows AS SELECT * FROM rows WHERE id IN ({ids}) ORDER BY pos")

    def _ids(self, query: str = "SELECT id FROM rows") -> set[str]:
        return {row[0] for row in self.sql(query)}

    def _count(self, table: str = "rows") -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])

    def _check_failures(self, number: int, step: Operator) -> None:
        report = self.reports[-1]
        if report.failed <= FAIL_LIMIT * report.rows_in:
            return
        query = f"SELECT reason FROM verdict_{number} WHERE verdict = 'failed' LIMIT 1"
        reason = self.sql(query)[0][0]
        share = report.failed / report.rows_in
        raise UserError(
            f"Step {number} ({step.title()}) failed on {report.failed} of {report.rows_in} rows ({share:.0%}; the "
            f"limit is {FAIL_LIMIT:.0%}). First reason: {reason}. Mend the step's parameters or select other rows "
            "before it."
        )


def _union(names: str, paths: Sequence[Path]) -> str:
    return f"UNION ALL SELECT {names} FROM {read_parquet(paths)}" if paths else ""
