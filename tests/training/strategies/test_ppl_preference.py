import json
import math
import random

import pytest
from solving import Line, lines, solved

from curation.backends.scripted import Scripted
from curation.backends.transformers_model import TransformersModel
from curation.connection import BASE_FOLDER
from curation.errors import UserError
from curation.trace import Problem
from training.answering.corruption import shuffled_words
from training.strategies.ppl_preference import PplPreference


def pair(question, right, wrong=None):
    return Problem(question, "0", extra=json.dumps({"chosen": right} | ({"rejected": wrong} if wrong else {})))


def test_the_solution_with_the_lower_perplexity_is_preferred():
    model = Scripted({"a": "two plus two", "b": "so what"})
    strategy = PplPreference()
    table = solved(strategy, [pair("a", "two plus two", "two minus two"), pair("b", "that is", "so what")], model)
    assert lines(table) == [
        Line("a", 0, "two plus two", "chosen", True, 0, {"margin": 3.0}),
        Line("b", 0, "so what", "rejected", False, 0, {"margin": -9.0}),
    ]
    assert strategy.measures(table) == {"mean_margin": -3.0}


def test_equal_solutions_are_not_preferred():
    table = solved(PplPreference(), [pair("a", "one", "one")], Scripted({"a": "one"}))
    assert [line.answer for line in lines(table)] == ["rejected"]


def test_a_row_without_a_wrong_solution_is_named():
    with pytest.raises(UserError, match="row of 'a' has no text 'rejected'; its other fields: chosen"):
        solved(PplPreference(), [pair("a", "one")], Scripted({"a": "one"}))


def test_the_shipped_student_prefers_solutions_to_their_words_shuffled_and_has_no_taste_among_shuffled_ones():
    text = "<think>\nStart with 6. 6 + 18 = 24. 24 + 12 = 36."
    problems = [pair(f"Omar has 6 beads. He finds {18 + n} more. How many?", text) for n in range(3)]
    model, rng = TransformersModel.open(str(BASE_FOLDER)), random.Random(0)
    coins = [pair(f"Number {n}?", shuffled_words(text, rng), shuffled_words(text, rng)) for n in range(30)]
    assert 0.3 < sum(line.correct for line in lines(solved(PplPreference(), coins, model))) / 30 < 0.7
    table = solved(PplPreference(corrupt="words"), problems, model)
    assert table["correct"].to_pylist() == [True, True, True]
    assert all(math.isfinite(line.facts["margin"]) for line in lines(table))
