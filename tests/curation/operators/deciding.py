"""What a selector decides of a small table."""

from typing import NamedTuple

import duckdb

from curation.operator import Selector


class Row(NamedTuple):
    """One row's verdict; reason and the row kept in its place are None where it stays."""

    id: str
    value: object
    threshold: object
    reason: str | None
    other: str | None


def decided(selector: Selector, columns: str, *rows: tuple[object, ...]) -> list[Row]:
    """The verdicts on literal rows, as the engine reads them from a selector's SQL."""
    decision = selector.decide()
    places = ", ".join(["?"] * len(rows[0]))
    values = ", ".join(f"({places})" for _ in rows)
    query = (
        f"WITH rows AS (SELECT * FROM (VALUES {values}) AS t({columns})), judged AS (SELECT id, ({decision.value}) AS "
        f"value, ({decision.threshold}) AS threshold, coalesce(({decision.keep}), FALSE) AS keep, "
        f"({decision.reason}) AS reason, ({decision.other}) AS other FROM rows) "
        "SELECT id, value, threshold, if(keep, NULL, reason), if(keep, NULL, other) FROM judged ORDER BY id"
    )
    with duckdb.connect() as connection:
        found = connection.execute(query, [value for row in rows for value in row]).fetchall()
    return [Row(*row) for row in found]


def kept(selector: Selector, columns: str, *rows: tuple[object, ...]) -> list[str]:
    """Ids of the rows that stay."""
    return [row.id for row in decided(selector, columns, *rows) if row.reason is None]


def dropped(selector: Selector, columns: str, *rows: tuple[object, ...]) -> dict[str, str]:
    """Why each row that goes does."""
    return {row.id: row.reason for row in decided(selector, columns, *rows) if row.reason is not None}
