"""A strategy put to scripted models, and what came of it in few words."""

import json
from typing import NamedTuple

import pyarrow as pa

from curation.trace import Problem
from training.evaluate import SAMPLES, graded
from training.strategy import Setting

SUM, PRODUCT = Problem("2 + 2?", "4"), Problem("2 x 3?", "6")


class Line(NamedTuple):
    """One row of the samples, of a scripted model whose words are its tokens."""

    question: str
    sample: int
    output: str
    answer: str | None
    correct: bool
    n_tokens: int
    facts: dict
    draft: bool = False


def solved(strategy, problems, model, heard=None, **others):
    """The samples of a strategy; other models and step scorers by name."""
    setting = Setting(model, others.__getitem__, 0, heard, others.__getitem__)
    return pa.Table.from_pylist(graded(strategy.solve(problems, setting), 0.0), schema=SAMPLES)


def lines(table):
    """The samples in few words."""
    names = [name for name in Line._fields if name != "facts"]
    return [
        Line(**{name: row[name] for name in names}, facts=json.loads(row["facts"])) for row in table.to_pylist()
    ]  # fmt: skip


def asked(model):
    """What a scripted model was asked, in turn."""
    return [request.prompt[0]["content"] for request in model.asked]
