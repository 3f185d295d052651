"""One Parquet file with every field of the traces and their scores."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from curation.exports.base import Card, Scores, complete, schema, tables
from curation.trace import Trace


def export(traces: Iterable[Trace], out: Path, card: Card | None, scores: Scores | None) -> int:
    """Write the traces in row groups of bounded size."""
    count = 0
    with complete(out) as temporary, pq.ParquetWriter(temporary, schema(scores), compression="zstd") as writer:
        for table in tables(traces, scores):
            writer.write_table(table)
            count += table.num_rows
    return count
