"""Problems x students: who solved what, and the problems with a given pattern."""

from collections.abc import Sequence
from typing import NamedTuple

from training.comparing.compare import Outcome, outcome
from training.comparing.evaluations import Answered, Evaluation

NO_SUBJECT = "no subject"


class Row(NamedTuple):
    """A problem and how each student did on it; None where a student did not answer it.

    `trained_on` says of each student whether it saw the problem, or a near copy of it, in training.
    """

    problem_id: str
    question: str
    reference: str | None
    subject: str
    answers: tuple[Answered | None, ...]
    trained_on: tuple[bool, ...]

    def shares(self) -> tuple[float | None, ...]:
        """Each student's share of attempts that are right."""
        return tuple(answer.right if answer else None for answer in self.answers)


class Wanted(NamedTuple):
    """Which problems to list: students are numbers of the matrix's columns; `outcome` is of students a and b."""

    a: int = 0
    b: int = 1
    outcome: Outcome | None = None
    subject: str | None = None
    no_answer: int | None = None


def matrix(found: Sequence[Evaluation]) -> list[Row]:
    """Every problem that any of them answered, in the order of the first."""
    known = {key: answer for one in reversed(found) for key, answer in one.answers.items()}
    order = dict.fromkeys(key for one in found for key in one.answers)
    return [
        Row(
            key, known[key].question, known[key].reference, known[key].subject or NO_SUBJECT,
            tuple(one.answers.get(key) for one in found), tuple(key in one.seen for one in found),
        )
        for key in order
    ]  # fmt: skip


def subjects(rows: Sequence[Row]) -> list[str]:
    """The subjects there are."""
    return sorted({row.subject for row in rows})


def select(rows: Sequence[Row], wanted: Wanted) -> list[Row]:
    """The rows that fit; with an outcome only those that both answered and neither was trained on."""
    return [row for row in rows if _fits(row, wanted)]


def _fits(row: Row, wanted: Wanted) -> bool:
    if wanted.subject is not None and row.subject != wanted.subject:
        return False
    if wanted.no_answer is not None:
        answer = row.answers[wanted.no_answer]
        if answer is None or not answer.no_answer:
            return False
    return wanted.outcome is None or outcome_of(row, wanted.a, wanted.b) == wanted.outcome


def outcome_of(row: Row, a: int, b: int) -> Outcome | None:
    """Who of two students solved it; None where it cannot be compared."""
    left, right = row.answers[a], row.answers[b]
    if left is None or right is None or row.trained_on[a] or row.trained_on[b]:
        return None
    return outcome(left.right, right.right)
