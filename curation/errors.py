"""The one error a user can repair."""


class UserError(Exception):
    """A sentence that says what is wrong, where, and how to fix it; shown without a traceback."""


def unknown(kind: str, found: str, allowed: list[str]) -> UserError:
    """An error for a name outside a closed list, with the found value and the allowed ones."""
    return UserError(f"Unknown {kind} '{found}'; known: {', '.join(sorted(allowed))}.")
