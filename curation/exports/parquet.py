"""One Parquet file with every field of the traces and their scores."""

from pathlib import Path
from typing import Literal

import pyarrow.parquet as pq

from curation.exports.base import Card, Content, Format, complete


class ParquetFile(Format):
    """One Parquet file with every field of the traces and their scores."""

    format: Literal["parquet"] = "parquet"
    suffix = ".parquet"

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write the traces in row groups of bounded size."""
        count = 0
        with complete(out) as temporary, pq.ParquetWriter(temporary, content.schema, compression="zstd") as writer:
            for table in content.tables:
                writer.write_table(table)
                count += table.num_rows
        return count
