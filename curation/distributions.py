"""Distributions: the queries behind charts; each is one query over `scores` and reads no text."""

import pyarrow as pa

from curation.filters import Filter
from curation.operator import column
from curation.reading import Reading

SLICES = 20  # equal parts of a trace
TRACES = 3000  # whose segments are looked at; shares are steady long before that
# A segment's characters are shared out among the slices of its trace that it reaches into.
ROLES = """
WITH chosen AS (SELECT id FROM scores WHERE {where} ORDER BY hash(id) LIMIT {traces}),
marked AS (
    SELECT id, list_last(segments).stop AS length, unnest(segments) AS segment
    FROM {table} WHERE id IN (SELECT id FROM chosen) AND len(segments) > 0
),
placed AS (
    SELECT segment.kind AS kind, segment.start * {slices} / length AS low, segment.stop * {slices} / length AS high,
           unnest(range(floor(low)::INT, ceil(high)::INT)) AS slice
    FROM marked
),
shares AS (SELECT slice, kind, sum(least(high, slice + 1) - greatest(low, slice)) AS amount FROM placed GROUP BY ALL)
SELECT slice, kind, amount / sum(amount) OVER (PARTITION BY slice) AS share FROM shares ORDER BY slice, kind
"""
# Traces from the longest down: what share of all tokens the longest share of traces holds, at each per cent.
CONCENTRATION = """
WITH ranked AS (
    SELECT {value} AS value, sum({value}) OVER ranks AS held, row_number() OVER ranks AS place
    FROM scores WHERE {where} AND {value} IS NOT NULL
    WINDOW ranks AS (ORDER BY {value} DESC, rowid ROWS UNBOUNDED PRECEDING)
),
cut AS (SELECT ceil(100 * place / max(place) OVER ()) AS percent, value, held, place FROM ranked)
SELECT max(place) / (SELECT count(*) FROM ranked) AS traces, max(held) / (SELECT sum(value) FROM ranked) AS held,
       min(value) AS shortest
FROM cut GROUP BY percent ORDER BY percent
"""


class Distributions(Reading):
    """Histograms, counts, points, groups and curves of what a filter shows."""

    def histogram(self, name: str, chosen: Filter, bins: int = 50, group: str | None = None) -> pa.Table:
        """Rows per bin of a number: low, high, rows and, when grouped, the group."""
        self._check(name, "number")
        self._check(group or name)
        where, value = self.where(chosen), column(name)
        by = f", {column(group)} AS grp" if group else ""
        query = f"""
            WITH ends AS (SELECT min({value}) AS low, max({value}) AS high FROM scores WHERE {where}),
            width AS (SELECT low, CASE WHEN high > low THEN (high - low) / {bins:d} ELSE 1 END AS step FROM ends),
            binned AS (
                SELECT least(floor(({value} - low) / step), {bins - 1:d}) AS bin, low, step {by}
                FROM scores, width WHERE {where} AND {value} IS NOT NULL
            )
            SELECT any_value(low + bin * step) AS low, any_value(low + (bin + 1) * step) AS high, count(*) AS rows
                   {', grp AS "group"' if group else ""}
            FROM binned GROUP BY bin {", grp" if group else ""} ORDER BY low {', "group"' if group else ""}"""
        return self.cursor().sql(query).to_arrow_table()

    def categories(self, name: str, chosen: Filter, limit: int = 50) -> pa.Table:
        """The commonest values of a category or flag: value, rows."""
        self._check(name, "category", "flag")
        query = (
            f"SELECT {column(name)}::VARCHAR AS value, count(*) AS rows FROM scores WHERE {self.where(chosen)} "
            f"GROUP BY 1 ORDER BY rows DESC, value LIMIT {limit:d}"
        )
        return self.cursor().sql(query).to_arrow_table()

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
            FROM (SELECT * FROM scores WHERE {self.where(chosen)} ORDER BY hash(id) LIMIT {limit:d})
            WHERE {column(x)} IS NOT NULL AND {column(y)} IS NOT NULL ORDER BY id"""
        return self.cursor().sql(query).to_arrow_table()

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

    def concentration(self, name: str, chosen: Filter) -> pa.Table:
        """How much of a number the traces with most of it hold: traces (a share), held (a share), shortest."""
        self._check(name, "number")
        query = CONCENTRATION.format(value=column(name), where=self.where(chosen))
        return self.cursor().sql(query).to_arrow_table()

    def roles(self, chosen: Filter) -> pa.Table | None:
        """Share of each kind of segment in each slice of the traces: slice, kind, share; None without segments."""
        segmenter = self.newest("segments")
        if segmenter is None:
            return None
        table = column(f"ann_{segmenter.key()}")
        query = ROLES.format(where=self.where(chosen), table=table, traces=TRACES, slices=SLICES)
        return self.cursor().sql(query).to_arrow_table()
