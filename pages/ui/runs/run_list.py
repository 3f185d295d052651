"""Runs as rows of a table: which are listed, what is said of each, and who waits for whom."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from curation.runs import ACTIVE, Request, Run, State, Status
from pages.ui.reading.maths import inline, visible
from pages.ui.runs.run_panel import duration

UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Listed(NamedTuple):
    """A run as it stands now, read once a drawing."""

    run: Run
    request: Request
    status: Status


def read(runs: Sequence[Run]) -> list[Listed]:
    """The runs as they stand now."""
    return [Listed(run, run.request, run.status()) for run in runs]


def wanted(found: Sequence[Listed], kinds: Collection[str], states: Collection[str], text: str) -> list[Listed]:
    """Those of the kinds and states, any where none is chosen, whose title, id or error holds every word."""
    words = text.lower().split()
    return [
        item for item in found
        if (not kinds or item.request.kind in kinds)
        and (not states or item.status.state in states)
        and all(word in f"{item.request.title} {item.run.id} {item.status.error or ''}".lower() for word in words)
    ]  # fmt: skip


def row(item: Listed, size: int | None) -> dict[str, Any]:
    """A run in the table."""
    run, request, status = item
    took = status.ended - status.started if status.started and status.ended else None
    return {
        "State": status.state,
        "Kind": request.kind,
        "Title": visible(request.title),
        "Started": run.created,
        "Took": duration(took) if took is not None else None,
        "Disk": None if size is None else size / 1e6,
        "Error": visible(status.error or ""),
        "Run": run.id,
    }


def in_turn(found: Sequence[Listed], queue: Sequence[Run]) -> list[Listed]:
    """What runs, then what waits in its order, then what has only just been started."""
    places: Mapping[str, int] = {run.id: place for place, run in enumerate(queue)}
    active = [item for item in found if item.status.state in ACTIVE]
    return sorted(
        active, key=lambda item: (item.status.state != "running", places.get(item.run.id, len(places)), item.run.id)
    )


def waits_for(before: Sequence[Listed]) -> str:
    """What a run waits for, given those whose turn is earlier."""
    if not before:
        return "starts as soon as the machine is free"
    others = f" and {len(before) - 1} before it" if len(before) > 1 else ""
    last = before[-1]
    return f"waits for {inline(last.request.title)} {last.run.id[-4:]}{others}"


def amount(size: int) -> str:
    """Bytes as people say them."""
    value, place = float(size), 0
    while value >= 1000 and place < len(UNITS) - 1:
        value, place = value / 1000, place + 1
    return f"{value:.0f} {UNITS[place]}" if place == 0 or value >= 100 else f"{value:.1f} {UNITS[place]}"


def states(found: Sequence[Listed]) -> list[State]:
    """The states there are, in the order of a run's life."""
    life: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled", "lost")
    return [state for state in life if any(item.status.state == state for item in found)]
