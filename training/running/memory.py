"""Errors of memory, from Python or torch, as sentences."""

from curation.errors import UserError


def memory_error(error: Exception, remedy: str) -> Exception:
    """A UserError with the remedy when memory ran out; any other error as it is."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text:
        return UserError(f"Memory ran out. {remedy}, then start a new run.")
    return error
