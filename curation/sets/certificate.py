"""What a curated set can prove about benchmarks, and the bin of what was taken out for their sake.

The certificate counts the set's own rows again, with the benchmark files as they are now, so that it holds for the
rows that are handed on, whatever mapper came after the check. The bin is read from the ledger: nothing is deleted.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from curation.benchmarks import content_hash, items, locate, title
from curation.comparing.overlap import Numbers
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.operator import OPERATORS
from curation.operators.drop_contaminated import DropContaminated
from curation.operators.find_contamination import FindContamination
from curation.trace import Trace


class Checked(BaseModel):
    """A benchmark's file: its name, hash and number of questions, None where the file is not there any more."""

    model_config = ConfigDict(frozen=True)
    benchmark: str
    file: str
    sha256: str | None
    items: int | None


class Check(BaseModel):
    """One find_contamination step and the rows it concerns; `rows_remaining` None when a file is missing.

    `rows_dropped` counts those dropped for it, `rows_remaining` those of the set that it flags.
    """

    model_config = ConfigDict(frozen=True)
    step: int
    benchmarks: list[Checked]
    n: int
    minimum: float
    texts: str
    numbers: Numbers
    rows_checked: int
    rows_dropped: int
    rows_remaining: int | None


class Certificate(BaseModel):
    """A set's checks against benchmarks."""

    model_config = ConfigDict(frozen=True)
    set: str
    created: str
    recipe: str
    rows: int
    winnow: str
    checks: list[Check]


class Binned(NamedTuple):
    """A trace dropped as contaminated, the share that decided, and the benchmark's row where the text was at hand."""

    trace_id: str
    value: float | None
    item: str | None


def certificate(curated: CuratedSet) -> Certificate | None:
    """The checks of a set, or None when its recipe checked nothing."""
    manifest, steps = curated.manifest, _checks(curated)
    if not steps:
        return None
    remaining = _remaining(curated, steps)
    checks = [_check(curated, number, step, remaining[number]) for number, step in steps.items()]
    return Certificate(
        set=curated.name, created=manifest.created, recipe=manifest.recipe, rows=manifest.rows,
        winnow=manifest.code_version, checks=checks,
    )  # fmt: skip


def write_certificate(curated: CuratedSet, out: Path) -> Path | None:
    """Write the certificate of a set into an exported folder, or beside an exported file; None without checks."""
    found = certificate(curated)
    if found is None:
        return None
    path = out / "certificate.json" if out.is_dir() else out.with_name(f"{out.stem}.certificate.json")
    path.write_text(json.dumps(found.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def bin_of(curated: CuratedSet, traces: Iterable[Trace] = ()) -> list[Binned]:
    """The traces dropped as contaminated, the most contaminated first.

    The ledger holds no text: of those among `traces` the benchmark's row is named too.
    """
    dropped: dict[str, float | None] = {}
    by: dict[str, str | None] = {}
    known = {trace.id: trace for trace in traces}
    for number, step in _checks(curated).items():
        mine = _dropped(curated, _drops(curated, number))
        dropped |= mine
        by |= {name: _item(step, known[name]) for name in mine if name in known}
    ordered = sorted(dropped.items(), key=lambda row: (-(row[1] or 0.0), row[0]))
    return [Binned(name, value, by.get(name)) for name, value in ordered]


def _checks(curated: CuratedSet) -> dict[int, FindContamination]:
    """The set's find_contamination steps by number."""
    checking = FindContamination.title()
    parsed = {step.step: OPERATORS.parse(step.spec) for step in curated.manifest.steps if step.op == checking}
    return {number: step for number, step in parsed.items() if isinstance(step, FindContamination)}


def _drops(curated: CuratedSet, check: int) -> list[int]:
    """The steps that drop what this check flagged: those before the next check."""
    later = [number for number in _checks(curated) if number > check]
    end = min(later, default=len(curated.manifest.steps) + 1)
    steps = curated.manifest.steps
    return [step.step for step in steps if step.op == DropContaminated.title() and check < step.step < end]


def _dropped(curated: CuratedSet, steps: list[int]) -> dict[str, float | None]:
    if not steps:
        return {}
    wanted = (pc.field("step").isin(steps)) & (pc.field("verdict") == "dropped")
    table = pq.read_table(curated.ledger, columns=["trace_id", "value"], filters=wanted)
    return dict(zip(table["trace_id"].to_pylist(), table["value"].to_pylist(), strict=True))


def _item(step: FindContamination, trace: Trace) -> str | None:
    found = step.annotate(trace).scores["contaminated_by"]
    return None if found is None else str(found)


def _remaining(curated: CuratedSet, steps: dict[int, FindContamination]) -> dict[int, int | None]:
    """How many of the set's rows each check flags."""
    counts: dict[int, int | None] = {number: 0 if _complete(step) else None for number, step in steps.items()}
    able = {number: step for number, step in steps.items() if counts[number] is not None}
    for trace in curated.traces() if able else ():
        for number, step in able.items():
            counts[number] = (counts[number] or 0) + (_item(step, trace) is not None)
    return counts


def _complete(step: FindContamination) -> bool:
    return all(_file(name) for name in step.benchmarks)


def _file(name: str) -> Path | None:
    try:
        return locate(name)
    except UserError:
        return None


def _check(curated: CuratedSet, number: int, step: FindContamination, remaining: int | None) -> Check:
    report = next(report for report in curated.manifest.steps if report.step == number)
    return Check(
        step=number, benchmarks=[_checked(name) for name in step.benchmarks], n=step.n, minimum=step.minimum,
        texts=step.texts, numbers=step.numbers, rows_checked=report.rows_in - report.failed,
        rows_dropped=len(_dropped(curated, _drops(curated, number))), rows_remaining=remaining,
    )  # fmt: skip


def _checked(name: str) -> Checked:
    path = _file(name)
    if path is None:
        return Checked(benchmark=title(Path(name)), file=Path(name).name, sha256=None, items=None)
    return Checked(benchmark=title(path), file=path.name, sha256=content_hash(path), items=len(items(path)))
