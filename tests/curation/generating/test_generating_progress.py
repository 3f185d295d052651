"""The progress of a generation: read from the lines of its metrics alone."""

from curation.generating.progress import Progress, summed

START = {"time": 0.0, "done": 0, "total": 8, "label": "generate"}
ASKED = {"answers": 3, "kept": 0, "prompt_tokens": 30, "generated_tokens": 50, "cost": 0.5, "ended_stop": 3}
FIRST = {"done": 4, "total": 8, "problems": 4, "traces": 4, "judged": 4, "accepted": 3, "unanswered": 1, "cut": 1,
         "left_out": 0, "failed_rate_limit": 1, "answers": 6, "kept": 0, "prompt_tokens": 60, "generated_tokens": 100,
         "cost": 1.0, "ended_stop": 4, "ended_rate_limit": 2}  # fmt: skip
AGAIN = {**FIRST, "traces": 5, "accepted": 4, "judged": 5, "answers": 7, "generated_tokens": 120, "ended_stop": 5}
AGAIN = {name: value for name, value in AGAIN.items() if name != "failed_rate_limit"}


def at(seconds, values):
    return {"time": seconds, **values}


def test_nothing_is_known_before_the_first_line():
    assert summed([]) == Progress()
    assert (summed([]).acceptance, summed([]).cost, summed([]).eta_seconds) == (None, None, None)


def test_before_the_first_batch_is_done_answers_tell_the_pace():
    found = summed([START, at(10.0, ASKED)])
    assert found == Progress(
        total=8, answers=3, ended={"stop": 3}, prompt_tokens=30, generated_tokens=50, cost=0.5, tokens_per_second=5.0
    )


def test_counts_pace_and_time_left():
    found = summed([START, at(10.0, ASKED), at(20.0, FIRST)])
    assert found == Progress(
        problems=4, total=8, traces=4, judged=4, accepted=3, unanswered=1, cut=1, failed={"rate_limit": 1}, answers=6,
        ended={"stop": 4, "rate_limit": 2}, prompt_tokens=60, generated_tokens=100, cost=1.0, tokens_per_second=5.0,
        eta_seconds=20.0,
    )  # fmt: skip
    assert found.acceptance == 0.75


def test_a_resumed_run_has_a_pace_of_its_own_and_forgets_failures_that_were_made_good():
    found = summed([START, at(20.0, FIRST), START, at(2.0, AGAIN)])
    assert (found.problems, found.accepted, found.failed) == (4, 4, {})
    assert (found.tokens_per_second, found.eta_seconds) == (10.0, None)


def test_a_finished_run_has_no_time_left_and_an_unpriced_one_no_cost():
    found = summed([START, at(20.0, {**FIRST, "done": 8, "problems": 8, "cost": None})])
    assert (found.eta_seconds, found.cost) == (0.0, None)
