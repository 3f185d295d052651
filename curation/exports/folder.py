"""A Hugging Face dataset folder: Parquet shards and a card; `datasets.load_dataset(folder)` reads it offline."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from curation.exports.base import Card, Content, Format, complete_folder
from curation.exports.prompt_completion import pair
from curation.table import from_table

SHARD_BYTES = 256_000_000  # ours: uncompressed; the hub advises shards below 500 MB
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


class Shard(NamedTuple):
    """A written shard."""

    path: Path
    rows: int
    chars: int


class DatasetFolder(Format):
    """A Hugging Face dataset: Parquet shards and a card with recipe, hashes and the rebuild command."""

    format: Literal["folder"] = "folder"
    suffix = ""

    def write(self, content: Content, out: Path, card: Card | None) -> int:
        """Write `data/train-*.parquet` and README.md; a folder that exists is never overwritten."""
        with complete_folder(out) as temporary:
            (temporary / "data").mkdir()
            written = list(_shards(content, temporary / "data"))
            shards = [_rename(shard, index, len(written)) for index, shard in enumerate(written)]
            text = render_card(card or Card(out.name), shards)
            (temporary / "README.md").write_text(text, encoding="utf-8")
        return sum(shard.rows for shard in shards)


def render_card(card: Card, shards: list[Shard]) -> str:
    """The dataset card: front matter, counts, recipe, manifest, hashes, and the command that rebuilds the set."""
    rows = sum(shard.rows for shard in shards)
    front = {
        "pretty_name": card.name,
        "tags": ["winnow", "chain-of-thought", "reasoning"],
        "size_categories": [next((name for limit, name in SIZES if rows < limit), "n>1M")],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}],
    }
    hashes = "\n".join(f"| {shard.path.name} | {shard.rows} | {_sha256(shard.path)} |" for shard in shards)
    parts = [
        f"---\n{_yaml(front)}---\n\n# {card.name}\n",
        f"{rows} traces, {sum(shard.chars for shard in shards)} characters of reasoning and answer.\n",
        f"## Parts\n\n| part | rows | sha256 |\n| --- | --- | --- |\n{hashes}\n",
        f"## Manifest\n\n```yaml\n{_yaml(dict(card.manifest))}```\n" if card.manifest else "",
        f"## Recipe\n\n```yaml\n{card.recipe_yaml.strip()}\n```\n" if card.recipe_yaml else "",
        f"## Rebuild\n\n```\n{card.rebuild.strip()}\n```\n" if card.rebuild else "",
    ]
    return "\n".join(filter(None, parts))


def _shards(content: Content, folder: Path) -> Iterator[Shard]:
    stream = (_with_text(table) for table in content.tables)
    first, index = next(stream, _with_text(content.schema.empty_table())), 0
    while first is not None:
        shard, first = _write_shard(first, stream, folder / f"{index}.parquet")
        index += 1
        yield shard


def _write_shard(table: pa.Table, stream: Iterator[pa.Table], path: Path) -> tuple[Shard, pa.Table | None]:
    """One shard, and the first table of the next."""
    rows = chars = size = 0
    current: pa.Table | None = table
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        while current is not None and size < SHARD_BYTES:
            writer.write_table(current)
            rows, size = rows + current.num_rows, size + current.nbytes
            chars += sum(current["n_chars"].to_pylist())
            current = next(stream, None)
    return Shard(path, rows, chars), current


def _with_text(table: pa.Table) -> pa.Table:
    """The table with the columns that trainers look for."""
    pairs = [pair(trace) for trace in from_table(table)]
    for name in ("prompt", "completion"):
        table = table.append_column(name, pa.array([row[name] for row in pairs], pa.large_string()))
    return table


def _rename(shard: Shard, index: int, count: int) -> Shard:
    return shard._replace(path=shard.path.rename(shard.path.with_name(f"train-{index:05}-of-{count:05}.parquet")))


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
