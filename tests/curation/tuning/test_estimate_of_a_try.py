"""What asking about all rows would take, told from a few of them."""

from typing import Literal

import pytest

from curation.backends.meter import UNPRICED, Price
from curation.models import Request, ask
from curation.operator import Mapper
from curation.trace import Problem, Trace
from curation.tuning.estimate import Estimate, Tally, at_most, by_trial, tally

PRICES = {"teacher": Price(2.0, 10.0)}


def line(**changes):
    plain = {"row": "a", "model": "teacher", "paid": True, "prompt_tokens": 100, "generated_tokens": 50}
    return {**plain, "ended": "stop", **changes}


class Echo(Mapper):
    """Ask the question; refuses an empty one."""

    op: Literal["echo"] = "echo"

    def asks(self):
        return ("teacher",)

    def request(self, trace):
        if not trace.question:
            raise ValueError("no question")
        return Request(ask(trace.question), max_new_tokens=20)


def test_a_tally_prices_kept_answers_as_if_they_were_paid_for():
    lines = [line(), line(paid=False, generated_tokens=30)]
    assert tally(lines, PRICES) == Tally(2, 200, 80, pytest.approx(0.0012), 1)


def test_a_failed_answer_costs_nothing_and_one_without_a_price_makes_the_cost_unknown():
    failed = line(ended="timeout", prompt_tokens=None, generated_tokens=0)
    assert tally([failed], PRICES) == Tally(1, 0, 0, 0.0, 1)
    assert tally([line()], {}).cost is None
    assert tally([line(prompt_tokens=None)], PRICES).cost is None


def test_all_rows_cost_as_much_as_those_tried_on_the_average():
    found = Tally(4, 600, 200, 0.003, 4)
    assert by_trial(found, 3, 6.0, 300) == Estimate(300, 3, 400, 60_000, 20_000, pytest.approx(0.3), 600.0)


def test_answers_that_were_kept_tell_no_pace():
    assert by_trial(Tally(4, 600, 200, None, 0), 2, 0.1, 10) == Estimate(10, 2, 20, 3000, 1000, None, None)
    assert by_trial(Tally(4, 600, 200, None, 2), 2, 3.0, 10).seconds == 30.0


def test_before_any_trial_the_prompts_and_their_limits_tell_the_most():
    traces = [Trace(Problem("one two three"), "r"), Trace(Problem(""), "r")]
    assert at_most(Echo(), traces, 100, UNPRICED) == Estimate(100, 0, 100, 300, 2000, None, None)
    assert at_most(Echo(), traces, 100, Price(1.0, 100.0)).cost == pytest.approx(0.2003)


def test_where_no_prompt_can_be_made_nothing_is_estimated():
    assert at_most(Echo(), [Trace(Problem(""), "r")], 5) is None
