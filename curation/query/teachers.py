"""The store's traces by who wrote them: what each got right, how long it wrote, what that cost."""

from typing import NamedTuple

import pyarrow as pa

from curation.errors import UserError
from curation.operator import column, literal
from curation.query.filters import Filter
from curation.query.reading import Reading

MOST = 20  # sources; ours: more cannot be told apart in one table
FLAGS = ("correct", "given_correct", "human_correct")  # who says that a trace is right, the best first
LENGTHS = ("n_tokens", "n_chars")
# `cost` and `finish` are what a generation wrote down; reading `extra` takes longer than reading all scores
ROWS = """
CREATE OR REPLACE TEMP TABLE compared AS
WITH chosen AS (
    SELECT id, problem_id, {source}::VARCHAR AS source, {right} AS correct, {answered} AS answered, {length} AS length,
           closed FROM scores WHERE {where} AND {source}::VARCHAR IN ({names})
),
shared AS (SELECT problem_id FROM chosen GROUP BY 1 HAVING count(DISTINCT source) = {all}),
noted AS (
    SELECT c.*, CASE WHEN contains(x.extra, '"generate"') THEN x.extra -> '$.generate' END AS noted
    FROM chosen c JOIN texts x USING (id){only}
)
SELECT * EXCLUDE (noted), noted ->> 'finish_reason' AS finish, TRY_CAST(noted ->> 'cost' AS DOUBLE) AS cost FROM noted
"""
ATTEMPTS = """
CREATE OR REPLACE TEMP TABLE attempts AS
SELECT source, problem_id, count(*) AS traces, count(correct) AS judged, count(*) FILTER (correct) AS "right"
FROM compared GROUP BY 1, 2
"""
TOTALS = """
SELECT source AS name, count(DISTINCT problem_id) AS problems, count(*) AS traces, count(correct) AS judged,
       count(*) FILTER (correct) AS "right",
       count(*) FILTER (correct IS NOT NULL AND NOT answered) / nullif(count(answered), 0) AS no_answer,
       count(*) FILTER (closed IS FALSE OR finish = 'length') / count(*) AS unfinished,
       if(count(cost) = count(*), sum(cost), NULL) AS cost,
       quantile_cont(length, 0.25) AS q1, median(length) AS median, quantile_cont(length, 0.75) AS q3
FROM compared GROUP BY 1 ORDER BY 1
"""
OUTCOMES = """
SELECT source AS name, judged, "right", count(*) AS problems FROM attempts WHERE judged > 0 GROUP BY ALL ORDER BY ALL
"""
DUELS = """
WITH rates AS (SELECT source, problem_id, "right" / judged AS rate FROM attempts WHERE judged > 0)
SELECT a.source AS first, b.source AS second, count(*) AS problems, avg(a.rate * (1 - b.rate)) AS first_alone,
       avg((1 - a.rate) * b.rate) AS second_alone, avg(a.rate * b.rate) AS both
FROM rates a JOIN rates b ON a.problem_id = b.problem_id AND a.source < b.source GROUP BY 1, 2 ORDER BY 1, 2
"""
SPREADS = """
SELECT source AS "group", count(length) AS rows, quantile_cont(length, 0.05) AS low, quantile_cont(length, 0.25) AS q1,
       median(length) AS median, quantile_cont(length, 0.75) AS q3, quantile_cont(length, 0.95) AS high
FROM compared WHERE length IS NOT NULL GROUP BY 1 ORDER BY 1
"""
SHARED = """
SELECT count(*) FROM (SELECT 1 FROM attempts GROUP BY problem_id HAVING count(*) = (SELECT count(DISTINCT source) FROM
attempts))
"""


class Compared(NamedTuple):
    """Which sources are compared: the column that names them, their names, and on which problems."""

    by: str
    sources: tuple[str, ...]
    shared: bool = True  # only problems that all of them have
    chosen: Filter = Filter()
    flag: str | None = None


class Found(NamedTuple):
    """What each source did, how its problems went, who beat whom, how long traces are, and the problems all share."""

    totals: pa.Table
    outcomes: pa.Table
    duels: pa.Table
    lengths: pa.Table
    shared: int


def flags(store: Reading) -> list[str]:
    """The columns that may say whether a trace is right, the best first."""
    return [name for name in FLAGS if name in store.columns()]


def length_of(store: Reading) -> str:
    """The column that tells how long a trace is."""
    return next(name for name in LENGTHS if name in store.columns())


def sources(store: Reading, by: str, chosen: Filter) -> dict[str, int]:
    """The names a column gives to traces, the commonest first, with their traces."""
    _check(store, by)
    query = (
        f"SELECT {column(by)}::VARCHAR, count(*) FROM scores WHERE {store.where(chosen)} AND {column(by)}::VARCHAR "
        f"<> '' GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    return dict(store.cursor().execute(query).fetchall())


def compared(store: Reading, asked: Compared) -> Found:
    """The sources on the problems asked for; UserError for too few, too many, or a column that names none."""
    _check(store, asked.by)
    if not 1 <= len(set(asked.sources)) <= MOST:
        raise UserError(
            f"Compare between 1 and {MOST} of what '{asked.by}' names; {len(set(asked.sources))} are chosen."
        )
    cursor = store.cursor()  # its temporary tables are its own
    cursor.execute(_rows(store, asked))
    cursor.execute(ATTEMPTS)
    totals, outcomes, duels, lengths = (
        cursor.sql(query).to_arrow_table() for query in (TOTALS, OUTCOMES, DUELS, SPREADS)
    )
    shared = cursor.execute(SHARED).fetchone() or (0,)
    return Found(totals, outcomes, duels, lengths, int(shared[0]))


def _rows(store: Reading, asked: Compared) -> str:
    known = store.columns()
    flag = asked.flag or next(iter(flags(store)))
    return ROWS.format(
        source=column(asked.by), right=column(flag), length=column(length_of(store)), where=store.where(asked.chosen),
        answered="extracted IS NOT NULL" if "extracted" in known and flag == "correct" else "NULL::BOOLEAN",
        names=", ".join(map(literal, sorted(set(asked.sources)))), all=len(set(asked.sources)),
        only=" SEMI JOIN shared USING (problem_id)" if asked.shared else "",
    )  # fmt: skip


def _check(store: Reading, by: str) -> None:
    kinds = store.columns()
    if kinds.get(by, "number") == "number":
        named = ", ".join(name for name, kind in kinds.items() if kind != "number")
        raise UserError(f"'{by}' does not name who wrote a trace; columns that may: {named}.")


def judgements(store: Reading, first: str, second: str, chosen: Filter) -> tuple[list[object], list[object]]:
    """Two columns on the rows where both are known, in the same order."""
    known = store.columns()
    for name in (first, second):
        if name not in known:
            raise UserError(f"There is no score '{name}'; known: {', '.join(known)}.")
    query = (
        f"SELECT {column(first)}, {column(second)} FROM scores WHERE {store.where(chosen)} "
        f"AND {column(first)} IS NOT NULL AND {column(second)} IS NOT NULL ORDER BY id"
    )
    rows = store.cursor().execute(query).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]
