"""What a process can do without: Arrow alone, where nobody asks for data frames."""

import sys
from collections.abc import Sequence


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
