"""Searches: conditions that read texts or vectors, looked up once and kept as tables of ids every query can join.

The tables live in an in-memory database attached to the store, which all its cursors see; the file is not written.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

import duckdb

from curation.encoders import load_encoder
from curation.errors import UserError
from curation.operator import Operator, column

KEPT = 32  # searches kept at once
Cursors = Callable[[], duckdb.DuckDBPyConnection]
CONTAINS = """
SELECT id FROM texts WHERE contains(lower(reasoning), $text) OR contains(lower(answer), $text)
UNION SELECT t.id FROM traces t JOIN problems p ON p.id = t.problem_id WHERE contains(lower(p.question), $text)
"""
MATCHES = """
SELECT id FROM texts WHERE regexp_matches(reasoning, $text) OR regexp_matches(answer, $text)
UNION SELECT t.id FROM traces t JOIN problems p ON p.id = t.problem_id WHERE regexp_matches(p.question, $text)
"""
# 100,000 vectors of 256 numbers: 60 to 90 ms, so no index is needed
NEAREST = """
SELECT id, list_inner_product(vector, $vector::FLOAT[]) AS similarity FROM {table}
WHERE len(vector) = {size} ORDER BY similarity DESC, id LIMIT {nearest}
"""


class Found:
    """Results of searches by what was asked and of which data, the least recently used forgotten."""

    def __init__(self, cursor: Cursors) -> None:
        """Attach the database the results live in."""
        self.cursor, self.lock = cursor, threading.Lock()
        self.names: OrderedDict[tuple[object, ...], str] = OrderedDict()
        cursor().execute("ATTACH IF NOT EXISTS ':memory:' AS found (READ_WRITE)")

    def table(self, asked: tuple[object, ...], make: Callable[[str], None]) -> str:
        """The table of a search, made once: `make` creates it under the given name."""
        with self.lock:
            if asked not in self.names:
                name = f"found.s_{hashlib.sha256(repr(asked).encode()).hexdigest()[:24]}"
                make(name)
                self.names[asked] = name
                if len(self.names) > KEPT:
                    self.cursor().execute(f"DROP TABLE {self.names.popitem(last=False)[1]}")
            self.names.move_to_end(asked)
            return self.names[asked]


def by_text(cursor: duckdb.DuckDBPyConnection, name: str, text: str) -> None:
    """Traces whose question, reasoning or answer holds a text, whatever its case."""
    cursor.execute(f"CREATE OR REPLACE TABLE {name} AS {CONTAINS}", {"text": text.lower()})


def by_regex(cursor: duckdb.DuckDBPyConnection, name: str, pattern: str) -> None:
    """Traces whose question, reasoning or answer matches; UserError when the pattern is none."""
    try:
        cursor.execute("SELECT regexp_matches('', $text)", {"text": pattern})
    except duckdb.Error as error:
        reason = str(error).split("\n")[0].removeprefix("Invalid Input Error: ")
        raise UserError(
            f"'{pattern}' is no regular expression ({reason}); correct it, or search it as plain text."
        ) from None
    cursor.execute(f"CREATE OR REPLACE TABLE {name} AS {MATCHES}", {"text": pattern})


def by_meaning(cursor: duckdb.DuckDBPyConnection, name: str, step: Operator, text: str, nearest: int) -> None:
    """The traces whose stored vectors point most nearly where the text's does, with their similarity."""
    vector = load_encoder(str(step.parameters()["encoder"])).encode([text])[0]
    if not vector.any():
        raise UserError(f"The encoder knows no word of '{text}'; search it as text, or say it in other words.")
    query = NEAREST.format(table=column(f"ann_{step.key()}"), size=len(vector), nearest=nearest)
    cursor.execute(f"CREATE OR REPLACE TABLE {name} AS {query}", {"vector": vector.tolist()})
