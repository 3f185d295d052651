"""What a process can do without: data frames that nobody asks for, and looking for what rows never hold."""

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class _NoPandas:
    """A finder to which pandas is not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        """Refuse pandas, and leave everything else to the next finder."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def without_pandas() -> None:
    """Let Arrow find no pandas, which it imports for the first list it is given: 0.3 s of every process.

    It asks once and remembers, so others can import pandas afterwards; Arrow gives them no data frames.
    """
    import pyarrow as pa

    refusing = _NoPandas()
    sys.meta_path.insert(0, refusing)
    pa.array([None])
    sys.meta_path.remove(refusing)


@contextmanager
def without_cycles() -> Iterator[None]:
    """No search for objects that hold each other, which rows never do: it takes 7 % of the time."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()
