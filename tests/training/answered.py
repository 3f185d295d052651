"""Evaluations without runs: a student's right and wrong attempts at problems named by their questions."""

from pathlib import Path

from training.evaluations import Answered, Evaluation


def evaluated(student, attempts, *, trained_on=None, seed=0, tokens=10, benchmark="bench", strategy="greedy"):
    """`attempts` are lists of 1 and 0 by question, None being no answer; `trained_on` names problems."""
    answers = {
        question: Answered(
            question, question, "1", "even" if len(question) % 2 == 0 else None, len(marks),
            sum(mark or 0 for mark in marks) / len(marks), sum(mark is None for mark in marks) / len(marks),
            float(tokens),
        )
        for question, marks in attempts.items()
    }  # fmt: skip
    seen = frozenset(answers.keys() & set(trained_on or ()))
    return Evaluation(
        id=student, folder=Path(student), student=student, student_run=None, benchmark=benchmark, strategy=strategy,
        seed=seed, answers=answers, contaminated=None if trained_on is None else len(seen), seen=seen,
    )  # fmt: skip
