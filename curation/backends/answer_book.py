"""The answers of a workspace on disk, by request: whoever asks the same of the same model again pays nothing.

SQLite, since several runs read and write at once and the DuckDB file belongs to the app alone.
"""

import json
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any

from curation.trace import canonical_json

ANSWERS = "answers.sqlite"  # in a workspace
WAIT = 30  # seconds for another writer


class AnswerBook:
    """JSON values by key in one SQLite file."""

    def __init__(self, path: Path) -> None:
        """Name the file; a run that asks nothing never makes it."""
        self.path = path

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """The file, made where it is missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        # a killed process loses nothing, a power cut perhaps the last answers; 0.2 ms an answer where waiting for the
        # disk takes 8 and leaves a batch that was answered at once unkept for half a second
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        return connection

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under a key."""
        row = self.connection.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, key: str, **values: Any) -> None:  # noqa: ANN401  (JSON values)
        """Keep an answer; it outlives this process when this returns."""
        self.connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, canonical_json(values)))

    def __len__(self) -> int:
        """Number of answers."""
        return int(self.connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        self.connection.close()
