"""Distributions: the queries behind charts; each is one query over `scores` and reads no text."""

import numpy as np
import pyarrow as pa

from curation.operator import column
from curation.query.filters import Filter
from curation.query.reading import Reading
from curation.query.remembered import remembered

SLICES = 20  # equal parts of a trace
ROLES = pa.schema([("slice", pa.int64()), ("kind", pa.string()), ("share", pa.float64())])
TRACES = 3000  # whose segments are looked at; shares are steady long before that
# Rows are fetched by their place: looking ids up in every row's segments took ten times as long.
MARKED = """
SELECT segments, list_last(segments).stop AS length FROM {table}
WHERE len(segments) > 0 AND rowid IN (
    SELECT t.rowid FROM {table} t
    WHERE t.id IN (SELECT id FROM scores WHERE {where} ORDER BY hash(rowid) LIMIT {traces})
)
"""
# Traces from the longest down: what share of all tokens the longest share of traces holds, at each per cent. Lengths
# are counted before they are ranked: a million traces have some ten thousand of them.
CONCENTRATION = """
WITH lengths AS (
    SELECT {value} AS value, count(*) AS traces FROM scores WHERE {where} AND {value} IS NOT NULL GROUP BY 1
),
ranked AS (
    SELECT value, sum(traces) OVER longest AS upto, sum(traces) OVER longest - traces AS before,
           sum(value * traces) OVER longest - value * traces AS held_before FROM lengths
    WINDOW longest AS (ORDER BY value DESC)
),
whole AS (SELECT sum(traces) AS traces, sum(value * traces) AS held FROM lengths),
cuts AS (SELECT DISTINCT traces * percent // 100 AS place FROM whole, range(1, 101) r(percent))
SELECT place / whole.traces AS traces, (held_before + (place - before) * value) / whole.held AS held,
       value AS shortest
FROM cuts JOIN ranked ON place > before AND place <= upto, whole ORDER BY place
"""


class Distributions(Reading):
    """Histograms, counts, points, groups and curves of what a filter shows."""

    @remembered
    def histogram(self, name: str, chosen: Filter, bins: int = 50, group: str | None = None) -> pa.Table:
        """Rows per bin of a number: low, high, rows and, when grouped, the group."""
        self._check(name, "number")
        self._check(group or name)
        where, value = self.where(chosen), column(name)
        by, shown = (f", {column(group)} AS grp", ", grp") if group else ("", "")
        query = f"""
            WITH chosen AS MATERIALIZED (
                SELECT {value} AS value {by} FROM scores WHERE {where} AND {value} IS NOT NULL
            ),
            ends AS (SELECT min(value) AS low, max(value) AS high FROM chosen),
            width AS (SELECT low, CASE WHEN high > low THEN (high - low) / {bins:d} ELSE 1 END AS step FROM ends),
            binned AS (
                SELECT least(floor((value - low) / step), {bins - 1:d}) AS bin, low, step {shown} FROM chosen, width
            )
            SELECT any_value(low + bin * step) AS low, any_value(low + (bin + 1) * step) AS high, count(*) AS rows
                   {', grp AS "group"' if group else ""}
            FROM binned GROUP BY bin {shown} ORDER BY low {', "group"' if group else ""}"""
        return self.cursor().sql(query).to_arrow_table()

    @remembered
    def categories(self, name: str, chosen: Filter, limit: int = 50) -> pa.Table:
        """The commonest values of a category or flag: value, rows."""
        self._check(name, "category", "flag")
        query = (
            f"SELECT {column(name)}::VARCHAR AS value, count(*) AS rows FROM scores WHERE {self.where(chosen)} "
            f"GROUP BY 1 ORDER BY rows DESC, value LIMIT {limit:d}"
        )
        return self.cursor().sql(query).to_arrow_table()

    @remembered
    def points(
        self, x: str, y: str, colour: str | None, chosen: Filter, limit: int = 20_000, marked: Filter | None = None
    ) -> pa.Table:
        """A fixed sample of traces with two numbers: id, x, y, colour, and whether they are `inside` the marked."""
        self._check(x, "number")
        self._check(y, "number")
        self._check(colour or x)
        shade = column(colour) if colour else "NULL::VARCHAR"
        inside = "TRUE" if marked is None else f"coalesce({self.where(marked)}, FALSE)"
        query = f"""
            SELECT id, {column(x)} AS x, {column(y)} AS y, {shade} AS colour, {inside} AS inside
            FROM scores WHERE rowid IN (
                SELECT rowid FROM scores WHERE {self.where(chosen)} ORDER BY hash(rowid) LIMIT {limit:d}
            ) AND {column(x)} IS NOT NULL AND {column(y)} IS NOT NULL ORDER BY id"""
        return self.cursor().sql(query).to_arrow_table()

    @remembered
    def summary(self, name: str, group: str, chosen: Filter) -> pa.Table:
        """Five-number summary of a number per value of a category: group, rows, low, q1, median, q3, high."""
        self._check(name, "number")
        self._check(group)
        value = column(name)
        query = f"""
            SELECT {column(group)}::VARCHAR AS "group", count({value}) AS rows, quantile_cont({value}, 0.05) AS low,
                   quantile_cont({value}, 0.25) AS q1, median({value}) AS median, quantile_cont({value}, 0.75) AS q3,
                   quantile_cont({value}, 0.95) AS high
            FROM scores WHERE {self.where(chosen)} AND {value} IS NOT NULL GROUP BY 1 ORDER BY rows DESC LIMIT 20"""
        return self.cursor().sql(query).to_arrow_table()

    @remembered
    def concentration(self, name: str, chosen: Filter) -> pa.Table:
        """How much of a number the traces with most of it hold: traces (a share), held (a share), shortest."""
        self._check(name, "number")
        query = CONCENTRATION.format(value=column(name), where=self.where(chosen))
        return self.cursor().sql(query).to_arrow_table()

    @remembered
    def roles(self, chosen: Filter) -> pa.Table | None:
        """Share of each kind of segment in each slice of the traces: slice, kind, share; None without segments."""
        segmenter = self.newest("segments")
        if segmenter is None:
            return None
        table = column(f"ann_{segmenter.key()}")
        query = MARKED.format(where=self.where(chosen), table=table, traces=TRACES)
        return _shares(self.cursor().sql(query).to_arrow_table().combine_chunks())


def _shares(marked: pa.Table) -> pa.Table:
    """A segment's characters shared out among the slices of its trace that it reaches into."""
    lists = marked.column("segments").combine_chunks()
    segments = lists.flatten()
    kinds = segments.field("kind").dictionary_encode()
    lengths = np.repeat(marked.column("length").to_numpy(), lists.value_lengths().to_numpy())
    starts, stops = (segments.field(name).to_numpy() * SLICES / lengths for name in ("start", "stop"))
    codes, names = kinds.indices.to_numpy(), kinds.dictionary.to_pylist()
    rows = []
    for place in range(SLICES):
        inside = np.clip(np.minimum(stops, place + 1) - np.maximum(starts, place), 0, None)
        amounts = np.bincount(codes, inside, len(names))
        held = zip(names, amounts / amounts.sum() if amounts.sum() else amounts, strict=True)
        rows += [{"slice": place, "kind": kind, "share": float(share)} for kind, share in sorted(held) if share > 0]
    return pa.Table.from_pylist(rows, schema=ROLES)
