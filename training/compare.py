"""Two evaluated students on the same problems: who solves what, and whether the difference is more than chance."""

from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.intervals import Interval
from curation.runs import Run
from training.statistics import mcnemar, paired_difference, pairs_needed

SHARED = ("question", "reference", "subject")
OWN = ("output", "answer", "correct", "no_answer", "n_tokens", "finish_reason")


class Agreement(NamedTuple):
    """Problems by who solved them."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def n(self) -> int:
        """All problems."""
        return sum(self)


class Comparison(NamedTuple):
    """The paired comparison; the difference is accuracy of a minus accuracy of b, with its 95 % interval."""

    agreement: Agreement
    accuracy_a: float
    accuracy_b: float
    difference: float
    interval: Interval
    p_value: float
    needed: int | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self._asdict(), "agreement": self.agreement._asdict(), "interval": list(self.interval)}


def samples(run: Run) -> pa.Table:
    """The samples of a finished evaluate run."""
    path = run.out / "samples.parquet"
    if run.request.kind != "evaluate":
        raise UserError(f"Run '{run.id}' is of kind {run.request.kind}; compare needs two evaluate runs.")
    if not path.is_file():
        raise UserError(f"Run '{run.id}' has no samples yet: it is {run.status().state}; let it finish first.")
    return pq.read_table(path)


def pair(a: pa.Table, b: pa.Table) -> pa.Table:
    """One row per problem with both answers, in the order of a; UserError when the problems differ.

    Of several samples of a problem the first is compared.
    """
    rows_a, rows_b = _first(a), _first(b)
    shared = rows_a.keys() & rows_b.keys()
    if len(shared) != len(rows_a) or len(shared) != len(rows_b):
        raise UserError(
            f"The runs used different problems: {len(rows_a)} and {len(rows_b)}, of which {len(shared)} are in both; "
            "evaluate both students on the same benchmark with the same limit."
        )
    columns: dict[str, list[Any]] = {"problem_id": list(rows_a)}
    for name in SHARED:
        columns[name] = [row[name] for row in rows_a.values()]
    for name in OWN:
        columns[f"{name}_a"] = [rows_a[key][name] for key in rows_a]
        columns[f"{name}_b"] = [rows_b[key][name] for key in rows_a]
    columns["outcome"] = [_outcome(rows_a[key]["correct"], rows_b[key]["correct"]) for key in rows_a]
    return pa.table(columns)


def compare(pairs: pa.Table) -> Comparison:
    """The paired comparison of a table made by `pair`."""
    outcomes = pairs["outcome"].to_pylist()
    agreement = Agreement(*(outcomes.count(name) for name in Agreement._fields))
    interval = paired_difference(*agreement)
    if interval is None:
        raise UserError("The runs share no problem, so there is nothing to compare.")
    n = agreement.n
    accuracy_a, accuracy_b = (agreement.both + agreement.only_a) / n, (agreement.both + agreement.only_b) / n
    return Comparison(
        agreement,
        accuracy_a,
        accuracy_b,
        (agreement.only_a - agreement.only_b) / n,
        interval,
        mcnemar(agreement.only_a, agreement.only_b),
        pairs_needed(agreement.only_a, agreement.only_b, n),
    )


def _first(table: pa.Table) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for row in table.to_pylist():
        rows.setdefault(row["problem_id"], row)
    return rows


def _outcome(a: bool, b: bool) -> str:
    if a and b:
        return "both"
    return "only_a" if a else "only_b" if b else "neither"
