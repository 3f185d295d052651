"""`python -m curation.worker FOLDER`: does what a run folder asks for and leaves the results in its out/.

Every process that a run starts imports this module once more, so what tasks need is imported by `main` alone.
"""

import json
import os
import sys
from pathlib import Path

MUCH = 16_000_000  # bytes; ours: what reads less hardly starts worker processes


def main() -> int:
    """Do the run of the folder that is given; returns the exit code."""
    from curation.application.executors import prepare
    from curation.lean import without_pandas

    folder = Path(sys.argv[1])
    if os.environ.get("WINNOW_WORKERS") != "1" and _size(folder) > MUCH:
        prepare()  # beside the imports here, which take as long
    without_pandas()
    from curation.job import work
    from curation.tasks import TASKS

    return work(folder, TASKS)


def _size(folder: Path) -> int:
    """Bytes of the files that the run reads on this machine."""
    inputs = json.loads((folder / "run.json").read_text(encoding="utf-8"))["inputs"]
    paths = [*(inputs.get("files") or inputs.get("paths") or ()), *(folder / "in").glob("part-*.parquet")]
    return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))


if __name__ == "__main__":
    sys.exit(main())
