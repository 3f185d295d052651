"""The one error a user can repair."""

SHOWN = 200  # characters of a value in a message; ours
PROBLEMS = 10  # ours: problems told at once


class UserError(Exception):
    """A sentence that says what is wrong, where, and how to fix it; shown without a traceback."""


def brief(value: object) -> str:
    """A value as a message shows it: bounded, however much was found."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def unknown(kind: str, found: str, allowed: list[str]) -> UserError:
    """An error for a name outside a closed list, with the found value and the allowed ones."""
    return UserError(f"Unknown {kind} '{found[:SHOWN]}'; known: {', '.join(sorted(allowed))}.")
