"""How two curated sets differ: rows only one of them has, rows whose text changed, and the scores both carry."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.curated import CuratedSet
from curation.recipe import Recipe
from curation.table import read_batches
from curation.tuning.recipe_diff import Change, differences

BINS = 30
KEYS = ("id", "problem_id", "model", "sample", "dataset", "text_key")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Changed(NamedTuple):
    """A row of one set and the row of the same problem and model that the other has in its place."""

    before: str
    after: str


class Distribution(NamedTuple):
    """A number in both sets: rows per bin between shared edges, and five quantiles."""

    name: str
    edges: list[float]
    before: list[int]
    after: list[int]
    quantiles_before: list[float]
    quantiles_after: list[float]
    unknown_before: int
    unknown_after: int

    def sentence(self) -> str:
        """Both medians."""
        old, new = (f"{q[2]:.4g}" if q else "unknown" for q in (self.quantiles_before, self.quantiles_after))
        return f"{self.name}: median {old} becomes {new}"


class Counted(NamedTuple):
    """A category or flag in both sets: rows of each value."""

    name: str
    before: Mapping[str, int]
    after: Mapping[str, int]


class SetDiff(NamedTuple):
    """What there is to say of two sets; ids in the order of their set."""

    same: int
    removed: list[str]
    added: list[str]
    changed: list[Changed]
    recipe: list[Change]
    numbers: list[Distribution]
    categories: list[Counted]

    def sentence(self, a: str, b: str) -> str:
        """The counts of rows."""
        return (
            f"{a} and {b}: {self.same:,} rows in both, {len(self.changed):,} changed, {len(self.removed):,} only in "
            f"{a}, {len(self.added):,} only in {b}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain JSON values."""
        lists = {name: [one._asdict() for one in self._asdict()[name]] for name in ("changed", "recipe", "numbers")}
        return {**self._asdict(), **lists, "categories": [one._asdict() for one in self.categories]}


def compare_sets(a: CuratedSet, b: CuratedSet) -> SetDiff:
    """From the first set to the second; only light columns are read."""
    old, new = _light(a), _light(b)
    before, after = _keys(old), _keys(new)
    removed = [row for row in before if row not in after]
    added = [row for row in after if row not in before]
    changed = _changed(before, after, removed, added)
    gone, come = {pair.before for pair in changed}, {pair.after for pair in changed}
    scores = [
        name for name in [*a.manifest.scores, "n_chars"] if name in new.column_names and name in old.column_names
    ]
    numbers = [name for name in dict.fromkeys(scores) if _is_number(old, name) and _is_number(new, name)]
    texts = [name for name in ["dataset", "model", *dict.fromkeys(scores)] if name not in numbers]
    return SetDiff(
        same=len(before) - len(removed),
        removed=[row for row in removed if row not in gone],
        added=[row for row in added if row not in come],
        changed=changed,
        recipe=differences(_recipe(a), _recipe(b)),
        numbers=[_distribution(name, old, new) for name in numbers],
        categories=[Counted(name, _counts(old, name), _counts(new, name)) for name in texts],
    )


def _recipe(curated: CuratedSet) -> Recipe:
    return Recipe.read(curated.manifest.recipe_yaml, f"The recipe of {curated.name}")


def _light(curated: CuratedSet) -> pa.Table:
    schema = curated.schema()
    names = [*KEYS, "parent_id", "n_chars", *(name for name in curated.manifest.scores if name in schema.names)]
    names = list(dict.fromkeys(names))
    tables = [pa.Table.from_batches([batch]) for batch in read_batches(curated.paths, names)]
    return pa.concat_tables([schema.empty_table().select(names), *(table.select(names) for table in tables)])


Row = tuple[str, str, str | None]


def _keys(table: pa.Table) -> dict[str, Row]:
    """Problem, model and parent of every row by id, in order."""
    columns = [table.column(name).to_pylist() for name in ("id", "problem_id", "model", "parent_id")]
    return {row: (problem, model, parent) for row, problem, model, parent in zip(*columns, strict=True)}


def _changed(
    before: Mapping[str, Row], after: Mapping[str, Row], removed: list[str], added: list[str]
) -> list[Changed]:
    """Pairs of a row gone and a row come: a child of that very row first, else one of the same problem and model."""
    left: dict[str, str] = {}
    by_source: dict[tuple[str, str], list[str]] = {}
    for row in added:
        left[after[row][2] or ""] = row
        by_source.setdefault(after[row][:2], []).append(row)
    pairs, used = [], set[str]()
    for row in removed:
        problem, model, parent = before[row]
        child = left.get(row) or (left.get(parent) if parent else None)
        waiting = [child] if child else by_source.get((problem, model), [])
        found = next((other for other in waiting if other not in used), None)
        if found is not None:
            used.add(found)
            pairs.append(Changed(row, found))
    return pairs


def _is_number(table: pa.Table, name: str) -> bool:
    kind = table.schema.field(name).type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _distribution(name: str, old: pa.Table, new: pa.Table) -> Distribution:
    a, b = _numbers(old, name), _numbers(new, name)
    both = np.concatenate([a, b])
    edges = np.histogram_bin_edges(both, BINS) if len(both) else np.array([0.0, 1.0])
    return Distribution(
        name,
        edges.tolist(),
        np.histogram(a, edges)[0].tolist(),
        np.histogram(b, edges)[0].tolist(),
        _quantiles(a),
        _quantiles(b),
        old.num_rows - len(a),
        new.num_rows - len(b),
    )


def _numbers(table: pa.Table, name: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    values = np.asarray(pc.drop_null(table.column(name)).to_numpy(), dtype=np.float64)
    return np.asarray(values[np.isfinite(values)])


def _quantiles(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[float]:
    return [float(value) for value in np.quantile(values, QUANTILES)] if len(values) else []


def _counts(table: pa.Table, name: str) -> dict[str, int]:
    rows = pc.value_counts(table.column(name)).to_pylist()
    named = [("unknown" if row["values"] in (None, "") else str(row["values"]), row["counts"]) for row in rows]
    return dict(sorted(named, key=lambda row: (-row[1], row[0])))
