"""What became of the problems of a run that generates: added up by the worker, read by the page."""

from collections import Counter

from pydantic import BaseModel, ConfigDict

FAILED = "failed_"  # before a cause, in a line of metrics.jsonl


class Counts(BaseModel):
    """What became of problems: their traces, how many could be judged and are right, and why problems failed.

    `missing` are traces of problems that have others: they were asked for, and the answer could not be used.
    """

    model_config = ConfigDict(frozen=True)
    problems: int = 0
    traces: int = 0
    judged: int = 0
    accepted: int = 0
    unanswered: int = 0
    cut: int = 0
    left_out: int = 0
    missing: int = 0
    failed: dict[str, int] = {}

    def plus(self, other: "Counts") -> "Counts":
        """Both together."""
        ours, theirs = self.model_dump(exclude={"failed"}), other.model_dump(exclude={"failed"})
        sums = {name: value + theirs[name] for name, value in ours.items()}
        return Counts(**sums, failed=dict(Counter(self.failed) + Counter(other.failed)))

    def as_metrics(self) -> dict[str, int]:
        """As values of a line of metrics.jsonl."""
        counts = self.model_dump(exclude={"failed"})
        return {**counts, **{f"{FAILED}{cause}": count for cause, count in sorted(self.failed.items())}}
