"""Several processes of one run: which is this, and how they decide alike.

Only the first writes into the run's folder. Whatever all must agree on, such as when to stop, it decides for all:
a process that stops alone leaves the others waiting for ever.
"""

import os
from typing import TypeVar

T = TypeVar("T")


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """True in the process that writes."""
    return os.environ.get("RANK", "0") == "0"


def falls_to_me(part: int) -> bool:
    """Whether this process does a part of what all share."""
    return part % count() == int(os.environ.get("RANK", "0"))


def agreed(value: T) -> T:
    """What the first process found; every process has to ask."""
    if count() == 1:
        return value
    from accelerate.utils import broadcast_object_list

    found = [value]
    broadcast_object_list(found)
    return found[0]


def wait_for_all() -> None:
    """Go on once every process is here."""
    if count() > 1:
        from accelerate import PartialState

        PartialState().wait_for_everyone()
