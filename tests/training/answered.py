"""Evaluations without runs: a student's right and wrong attempts at problems named by their questions."""

from pathlib import Path

from training.comparing.evaluations import Answered, Evaluation


def evaluated(
    student, attempts, *, trained_on=None, near=None, seed=0, tokens=10, benchmark="bench", strategy="greedy"
):
    """`attempts`: 1, 0 or None (no answer) by question; problems `trained_on` and those it saw `near` copies of."""
    answers = {
        question: Answered(
            question, question, "1", "even" if len(question) % 2 == 0 else None, len(marks),
            sum(mark or 0 for mark in marks) / len(marks), sum(mark is None for mark in marks) / len(marks),
            float(tokens),
        )
        for question, marks in attempts.items()
    }  # fmt: skip
    seen = frozenset(answers.keys() & {*(trained_on or ()), *(near or ())})
    counts = [None if known is None else len(known) for known in (trained_on, near)]
    return Evaluation(
        id=student, folder=Path(student), student=student, student_run=None, benchmark=benchmark, strategy=strategy,
        seed=seed, answers=answers, contaminated=counts[0], overlapping=counts[1], seen=seen,
    )  # fmt: skip
