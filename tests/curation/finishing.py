"""Runs that are worked through in the test's own process."""

from curation.job import Job
from curation.runs import Run
from curation.tasks import TASKS


def finish(run: Run) -> Run:
    """Work through a run as its worker does."""
    job = Job(run)
    job.status("running")
    TASKS[run.request.kind](job)
    job.status("done")
    return run
