"""The worker of training runs: `python -m training.worker FOLDER`."""

import sys
from pathlib import Path

from curation.job import work
from training.evaluate import evaluate
from training.running.group import work_together
from training.running.processes import count
from training.studies.work import study
from training.train import train

TASKS = {"train": train, "evaluate": evaluate, "study": study}

if __name__ == "__main__":
    sys.exit((work if count() == 1 else work_together)(Path(sys.argv[1]), TASKS))
