"""Labels: what people said of traces, kept as events that can be undone and that a person can read.

One event says who set which label of which trace to what, and what it was before. The store holds the events, the
values in force and their columns in `scores`, changed together in one transaction; `labels.jsonl` beside the store
gets the same event as a line before the transaction ends. Opening a workspace takes in lines the store lacks, so
labels survive a lost store:

    {"id": 7, "at": "2026-11-21T09:30:00+00:00", "who": "ada", "trace_id": "5f2c...", "name": "decision",
     "value": "drop", "before": null, "undoes": null}
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from curation.errors import UserError, unknown
from curation.store import Store
from curation.storing import lines

# the values a label may have; None where it is free text
VALUES: dict[str, tuple[str, ...] | None] = {
    "decision": ("keep", "drop"),
    "human_correct": ("true", "false"),
    "note": None,
}
LONGEST = 20_000  # ours: characters of a note
# how a label's value becomes its column of `scores`
COLUMNS = {
    "decision": "decision = $value::VARCHAR",
    "human_correct": "human_correct = ($value::VARCHAR = 'true')",
    "note": "noted = ($value::VARCHAR IS NOT NULL)",
}
NEWEST_FIRST = "ORDER BY id DESC LIMIT $limit OFFSET $offset"


class Event(NamedTuple):
    """One change of one label: value and before are None where there is no label."""

    id: int
    at: str
    who: str
    trace_id: str
    name: str
    value: str | None
    before: str | None
    undoes: int | None = None


class Labelled:
    """The labels of a workspace: said, undone, listed."""

    root: Path

    @property
    @abstractmethod
    def store(self) -> Store:
        """Where events and labels are kept."""

    @property
    def journal(self) -> Path:
        """The file of all events, one a line."""
        return self.root / "labels.jsonl"

    def label(self, trace_id: str, name: str, value: str | None, who: str) -> Event | None:
        """Set a label of a trace, or remove it with None; None when it is so already."""
        _check(name, value)
        with self.store.labelling() as cursor:
            _check_trace(cursor, trace_id)
            before = _value(cursor, trace_id, name)
            return None if value == before else self._write(cursor, (who, trace_id, name, value, before, None))

    def undo(self, event_id: int, who: str) -> Event:
        """Restore what an event changed, as a new event; UserError when the label changed since."""
        with self.store.labelling() as cursor:
            found = _events(cursor, "WHERE id = $id", {"id": event_id})
            if not found:
                raise UserError(f"There is no event {event_id} to undo; the history page lists them.")
            event = found[0]
            if event_id not in undoable(_same_label(cursor, event)):
                now = _value(cursor, event.trace_id, event.name) or "nothing"
                raise UserError(
                    f"Event {event_id} cannot be undone: {event.name} of trace {event.trace_id[:10]} changed since, "
                    f"to {now[:80]}. Undo the later change first, or set the label anew."
                )
            values = (who, event.trace_id, event.name, event.before, event.value, event_id)
            return self._write(cursor, values)

    def events(
        self, who: str | None = None, name: str | None = None, trace_id: str | None = None, limit: int = 50,
        offset: int = 0,
    ) -> list[Event]:  # fmt: skip
        """A page of events, newest first, of one person, label or trace where named."""
        where, given = _where(who=who, name=name, trace_id=trace_id)
        return _events(self.store.cursor(), f"{where} {NEWEST_FIRST}", {**given, "limit": limit, "offset": offset})

    def count_events(self, who: str | None = None, name: str | None = None) -> int:
        """How many events there are of one person or label."""
        where, given = _where(who=who, name=name)
        row = self.store.cursor().execute(f"SELECT count(*) FROM events {where}", given).fetchone()
        return int(row[0]) if row else 0

    def people(self) -> list[str]:
        """Everybody who said something, sorted."""
        return [row[0] for row in self.store.cursor().execute("SELECT DISTINCT who FROM events ORDER BY 1").fetchall()]

    def last_undoable(self, who: str, names: Sequence[str] = tuple(VALUES)) -> Event | None:
        """The person's newest change of these labels that is still in force."""
        touched = "WHERE (trace_id, name) IN (SELECT (trace_id, name) FROM events WHERE who = $who) ORDER BY id"
        seen = _events(self.store.cursor(), touched, {"who": who})
        open_ones = undoable(seen)
        own = (e for e in reversed(seen) if e.who == who and e.undoes is None and e.name in names)
        return next((event for event in own if event.id in open_ones), None)

    def can_undo(self, shown: Iterable[Event]) -> set[int]:
        """Which of the events may be undone now."""
        asked = {(event.trace_id, event.name) for event in shown}
        ids = sorted({trace_id for trace_id, _ in asked})
        seen = _events(self.store.cursor(), "WHERE trace_id IN (SELECT unnest($ids)) ORDER BY id", {"ids": ids})
        return undoable(seen)

    def labels(self, trace_id: str) -> dict[str, str]:
        """The labels of one trace by name."""
        query = "SELECT name, value FROM labels WHERE trace_id = $id"
        return dict(self.store.cursor().execute(query, {"id": trace_id}).fetchall())

    def settle(self, store: Store) -> int:
        """Take in the journal's events that the store lacks; returns how many.

        That is one after a stop between journal and store, and all of them in a store made anew.
        """
        row = store.cursor().execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        lacking = [event for event in read_journal(self.journal) if event.id > (row[0] if row else 0)]
        if lacking:
            with store.writing() as cursor:
                for event in lacking:
                    _insert(cursor, event)
                store.rebuild(cursor)
        return len(lacking)

    def _write(self, cursor: duckdb.DuckDBPyConnection, values: tuple[Any, ...]) -> Event:
        """One event in the store and the journal, or in neither."""
        row = cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM events").fetchone()
        event = Event(row[0] if row else 1, datetime.now(UTC).isoformat(timespec="milliseconds"), *values)
        _insert(cursor, event)
        change = f"UPDATE scores SET {COLUMNS[event.name]} WHERE id = $id"
        cursor.execute(change, {"id": event.trace_id, "value": event.value})
        lines.append(self.journal, event._asdict(), "The label")
        return event


def undoable(events: Iterable[Event]) -> set[int]:
    """The events in force among these, oldest first: the newest of each label that is not undone.

    The newest event of a label may always be undone, also when it is itself an undo.
    """
    force: dict[tuple[str, str], int | None] = {}
    last: dict[tuple[str, str], int] = {}
    earlier: dict[int, int | None] = {}
    for event in events:
        key = (event.trace_id, event.name)
        earlier[event.id] = force.get(key)
        force[key] = event.id if event.undoes is None else earlier.get(event.undoes)
        last[key] = event.id
    return {number for number in [*force.values(), *last.values()] if number is not None}


def read_journal(path: Path) -> list[Event]:
    """The events of a journal, a later line of the same id winning; a line torn by a stop is passed over."""
    found = {event.id: event for event in lines.read(path, lambda values: Event(**values))}
    return [found[number] for number in sorted(found)]


def _insert(cursor: duckdb.DuckDBPyConnection, event: Event) -> None:
    """The event and the value it puts in force."""
    cursor.execute("INSERT INTO events VALUES ($id, $at, $who, $trace_id, $name, $value, $before, $undoes)",
                   event._asdict())  # fmt: skip
    place = {"id": event.trace_id, "name": event.name}
    cursor.execute("DELETE FROM labels WHERE trace_id = $id AND name = $name", place)
    if event.value is not None:
        cursor.execute("INSERT INTO labels VALUES ($id, $name, $value)", {**place, "value": event.value})


def _check(name: str, value: str | None) -> None:
    if name not in VALUES:
        raise unknown("label", name, list(VALUES))
    allowed = VALUES[name]
    if value is not None and allowed and value not in allowed:
        raise UserError(f"{name} is one of {', '.join(allowed)} or nothing, not '{value}'.")
    if value is not None and allowed is None and not 0 < len(value) <= LONGEST:
        raise UserError(f"A {name} has 1 to {LONGEST:,} characters, not {len(value):,}; empty it to remove it.")


def _check_trace(cursor: duckdb.DuckDBPyConnection, trace_id: str) -> None:
    if cursor.execute("SELECT 1 FROM scores WHERE id = $id", {"id": trace_id}).fetchone() is None:
        raise UserError(f"There is no trace '{trace_id}' in this workspace to label.")


def _value(cursor: duckdb.DuckDBPyConnection, trace_id: str, name: str) -> str | None:
    query = "SELECT value FROM labels WHERE trace_id = $id AND name = $name"
    row = cursor.execute(query, {"id": trace_id, "name": name}).fetchone()
    return row[0] if row else None


def _events(cursor: duckdb.DuckDBPyConnection, where: str, given: dict[str, Any]) -> list[Event]:
    return [Event(*row) for row in cursor.execute(f"FROM events {where}", given).fetchall()]


def _same_label(cursor: duckdb.DuckDBPyConnection, event: Event) -> list[Event]:
    where = "WHERE trace_id = $trace_id AND name = $name ORDER BY id"
    return _events(cursor, where, {"trace_id": event.trace_id, "name": event.name})


def _where(**conditions: str | None) -> tuple[str, dict[str, str]]:
    given = {name: value for name, value in conditions.items() if value is not None}
    return (f"WHERE {' AND '.join(f'{name} = ${name}' for name in given)}" if given else ""), given
