"""The work of a run that generates: batch after batch of problems, each a part that is complete once it is there.

A batch of which a problem failed or a trace is missing is done again when the run is resumed: what was answered is
kept and costs nothing, what got no answer is asked again.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.application.batches import annotate_batch, map_batch
from curation.asker import Asker
from curation.engine import FAIL_LIMIT_ASKING
from curation.errors import UserError
from curation.generating.counts import Counts
from curation.imports.run import FileReport
from curation.job import Job
from curation.operator import OPERATORS, Annotator
from curation.operators.generate import Generate
from curation.runs import replace_text
from curation.table import QUARANTINE, from_table, parts, to_table, write_part
from curation.trace import Trace

LABEL = "1. generate"


def write_traces(job: Job, asker: Asker) -> None:
    """Let the model of the run write; what is in out/ afterwards is taken in like an import."""
    step, measures = OPERATORS.parse(job.request.spec["step"]), map(OPERATORS.parse, job.request.spec["measure"])
    assert isinstance(step, Generate)
    batches = _Batches(job, asker, step, [one for one in measures if isinstance(one, Annotator)])
    total, tally = int(job.request.inputs["problems"]), Counts()
    for path in parts(job.run.folder / "in"):
        job.progress(tally.problems, total, step.title())
        tally = tally.plus(batches.known(path) or batches.write(path, tally.problems))
        job.metric(done=tally.problems, total=total, **tally.as_metrics(), **asker.meter.totals.as_metrics())
        _stop_where_hopeless(tally, total)
    report = FileReport(job.request.title, 0, "", "winnow", "", rows=total, traces=tally.traces)
    report.warnings = [f"problems that failed, {cause}: {count}" for cause, count in sorted(tally.failed.items())]
    report.warnings += [f"traces missing, their answers unusable: {tally.missing}"] * bool(tally.missing)
    report.warnings += [f"problems left out: {tally.left_out}"] * bool(tally.left_out)
    replace_text(job.out / "report.json", json.dumps({"files": [asdict(report)]}))


class _Batches:
    """The batches of a run, by the file of their problems."""

    def __init__(self, job: Job, asker: Asker, step: Generate, measures: Sequence[Annotator]) -> None:
        self.run, self.out, self.asker, self.step, self.measures = job.run.id, job.out, asker, step, measures
        asker.step = LABEL

    def known(self, path: Path) -> Counts | None:
        """What a batch came to that an earlier session finished without any failure."""
        tally = self.out / f"tally-{path.stem}.json"
        if not (self.out / path.name).exists() or not tally.exists():
            return None
        found = Counts.model_validate_json(tally.read_text())
        return None if found.failed or found.missing else found

    def write(self, path: Path, before: int) -> Counts:
        """Ask, measure, and leave the part last; `before` problems came before this batch."""
        (self.out / path.name).unlink(missing_ok=True)
        stubs = from_table(pq.read_table(path))
        mapped = map_batch(self.step, stubs, self.asker)
        lines = {stub.problem.id: line for line, stub in enumerate(stubs, before + 1)}
        written = [(trace, lines[trace.problem.id]) for trace in from_table(mapped.traces)]
        made = [replace(trace, source=self.run, line=line) for trace, line in written]
        measured = [annotate_batch(step, made) for step in self.measures]
        for step, table in zip(self.measures, measured, strict=True):
            write_part(table, self.out / step.key() / path.name)
        tally = _tally(mapped.verdicts, made, measured, self.step.per_problem())
        replace_text(self.out / f"tally-{path.stem}.json", tally.model_dump_json())
        write_part(self._unused(mapped.verdicts, stubs, before), self.out / path.name.replace("part", "quarantine"))
        write_part(to_table(made), self.out / path.name)
        return tally

    def _unused(self, verdicts: pa.Table, stubs: Sequence[Trace], before: int) -> pa.Table:
        """The problems that came to nothing, as the rows an import cannot use."""
        rows = [
            {"file": self.run, "line": line, "reason": verdict["reason"], "raw": stub.question}
            for line, (verdict, stub) in enumerate(zip(verdicts.to_pylist(), stubs, strict=True), before + 1)
            if not verdict["became"]
        ]
        return pa.Table.from_pylist(rows, schema=QUARANTINE)


def _tally(verdicts: pa.Table, made: Sequence[Trace], measured: Sequence[pa.Table], wanted: int) -> Counts:
    """The counts of one batch of which so many traces a problem were wanted; a program's verdict goes first."""
    rows = verdicts.to_pylist()
    failed = Counter(row["reason"].split(":")[0] for row in rows if row["verdict"] == "failed")
    scores = {name: table.column(name).to_pylist() for table in measured for name in table.column_names}
    right: list[bool | None] = next((scores[name] for name in ("program_correct", "correct") if name in scores), [])
    found = scores.get("program_value" if "program_value" in scores else "extracted", [])
    return Counts(
        problems=len(rows),
        traces=len(made),
        judged=sum(one is not None for one in right),
        accepted=sum(one is True for one in right),
        unanswered=sum(one is None for one in found),
        cut=sum(trace.closed is False for trace in made),
        missing=sum(wanted - len(row["became"]) for row in rows if row["became"]),
        left_out=sum(row["verdict"] == "dropped" for row in rows),
        failed=dict(failed),
    )


def _stop_where_hopeless(tally: Counts, total: int) -> None:
    """UserError as soon as more problems failed than a run may lose."""
    failed = sum(tally.failed.values())
    if failed > FAIL_LIMIT_ASKING * total:
        causes = ", ".join(f"{cause} ({count})" for cause, count in Counter(tally.failed).most_common())
        raise UserError(
            f"{failed} of {total} problems failed (the limit is {FAIL_LIMIT_ASKING:.0%}): {causes}. What was written "
            "is kept: look at the model and resume the run, which asks again what got no answer, or mend the prompt."
        )
