"""`python -m curation.worker FOLDER`: does what a run folder asks for and leaves the results in its out/.

Every process that a run starts imports this module once more, so what tasks need is imported by `main` alone.
"""

import sys
from pathlib import Path


def main() -> int:
    """Do the run of the folder that is given; returns the exit code."""
    from curation.job import work
    from curation.tasks import TASKS

    return work(Path(sys.argv[1]), TASKS)


if __name__ == "__main__":
    sys.exit(main())
