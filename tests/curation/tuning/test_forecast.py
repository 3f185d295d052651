from curation.backends.meter import UNPRICED, Price
from curation.models import Request
from curation.tuning.forecast import Forecast, Past, forecast, past_of, prompt_tokens

TEN = Request("one two three four five six seven eight nine ten", max_new_tokens=100)


def test_limits_bound_the_cost_and_earlier_answers_give_the_usual_one():
    past = Past(answers=4, tokens=80, seconds=2.0)
    assert forecast([TEN], 1000, Price(2.0, 10.0), past) == Forecast(
        calls=1000, prompt_tokens=10_000, most_tokens=100_000, most_cost=1.02, usual_tokens=20_000, usual_cost=0.22,
        seconds=500.0,
    )  # fmt: skip


def test_what_nobody_knows_stays_unknown():
    assert forecast([TEN], 3, UNPRICED, Past()) == Forecast(3, 30, 300, None, None, None, None)
    assert forecast([TEN], 3, Price(1.0, None), Past(2, 40, 0.0)) == Forecast(3, 30, 300, None, 60, None, None)


def test_no_problem_costs_nothing():
    assert forecast([], 0, Price(1.0, 1.0), Past(1, 1, 1.0)) == Forecast(0, 0, 0, None, None, None, None)


def test_earlier_answers_beyond_the_new_limit_are_cut_to_it():
    assert forecast([TEN], 2, UNPRICED, Past(1, 5000, 10.0)).usual_tokens == 200


def test_some_requests_stand_for_all():
    short = Request("one two")
    assert forecast([TEN, short], 10, UNPRICED, Past()).prompt_tokens == 60


def test_a_chat_costs_its_marks_and_the_answers_beginning():
    asked = Request(({"role": "system", "content": "be brief"}, {"role": "user", "content": "why"}), prefix="because")
    assert prompt_tokens(asked) == 2 + 6 + 1 + 6 + 2


def test_the_sessions_of_resumed_runs_are_summed_and_kept_answers_left_out():
    resumed = [
        {"time": 1.0, "done": 0, "total": 9},
        {"time": 5.0, "answers": 3, "kept": 0, "generated_tokens": 30},
        {"time": 0.5, "done": 3, "total": 9},
        {"time": 4.0, "answers": 9, "kept": 3, "generated_tokens": 60},
        {"time": 4.5, "done": 9, "total": 9},
    ]
    silent = [{"time": 7.0, "done": 1, "total": 2}]
    assert past_of([resumed, silent]) == Past(answers=6, tokens=60, seconds=9.5)
    assert past_of([]) == Past()
    assert (Past().usual, Past().pace) == (None, None)
