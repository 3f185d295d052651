"""What a recipe did, step by step: the numbers the funnel, the manifest and the command line show."""

from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from curation.operator import Operator

# numbers and ids in reasons, replaced so that equal kinds of reason count together
VARYING = r"\b[0-9a-f]{32}\b|-?\b\d+(\.\d+)?(e[-+]?\d+)?\b"


class StepReport(BaseModel):
    """Rows in and out of one step; `estimated` when scaled up from a sample, tokens None when not counted."""

    model_config = ConfigDict(frozen=True)
    step: int
    op: str
    kind: str
    spec: dict[str, Any]
    rows_in: int
    rows: int
    problems: int
    chars: int
    tokens: int | None
    changed: int = 0
    failed: int = 0
    reasons: dict[str, int] = {}
    estimated: bool = False
    seconds: float = 0.0


def measure(
    connection: duckdb.DuckDBPyConnection, number: int, step: Operator, rows_in: int, scale: float
) -> StepReport:
    """The report of a step just taken, from `rows` and its verdicts."""
    columns = {row[0] for row in connection.execute("DESCRIBE rows").fetchall()}
    tokens = "if(count(n_tokens) = count(*), sum(n_tokens), NULL)" if "n_tokens" in columns else "NULL"
    query = f"SELECT count(*), count(DISTINCT problem_id), coalesce(sum(n_chars), 0), {tokens} FROM rows"
    rows, problems, chars, n_tokens = connection.execute(query).fetchone() or (0, 0, 0, None)
    verdicts = dict(connection.execute(f"SELECT verdict, count(*) FROM verdict_{number} GROUP BY verdict").fetchall())
    reasons = connection.execute(
        f"SELECT regexp_replace(reason, '{VARYING}', '#', 'g') AS kind, count(*) AS n FROM verdict_{number} "
        "WHERE reason IS NOT NULL GROUP BY kind ORDER BY n DESC, kind LIMIT 20"
    ).fetchall()
    return StepReport(
        step=number,
        op=step.title(),
        kind=step.kind,
        spec=step.dump(),
        rows_in=rows_in,
        rows=round(rows * scale),
        problems=round(problems * scale),
        chars=round(chars * scale),
        tokens=None if n_tokens is None else round(n_tokens * scale),
        changed=round(verdicts.get("changed", 0) * scale),
        failed=round(verdicts.get("failed", 0) * scale),
        reasons={reason: round(n * scale) for reason, n in reasons},
        estimated=scale != 1.0,
    )
