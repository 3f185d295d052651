import pytest

from curation.backends.pace import Gate, Rate, backoff


def test_waits_double_up_to_a_limit_and_are_longer_for_a_busy_server():
    assert [backoff(tried, False, lambda: 1.0) for tried in (0, 1, 2, 9)] == [0.5, 1.0, 2.0, 60.0]
    assert [backoff(tried, True, lambda: 0.5) for tried in range(6)] == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_rate_is_spread_evenly_and_what_was_not_used_is_given_back():
    now = [0.0]
    rate = Rate(60, lambda: now[0])
    assert [rate.delay(1), rate.delay(10), rate.delay(1)] == [0.0, 1.0, 11.0]
    rate.delay(-9)
    assert rate.delay(1) == pytest.approx(3.0)
    now[0] = 100.0
    assert rate.delay(1) == 0.0
    assert Rate(None).delay(1e9) == 0.0


def test_a_gate_halves_once_a_round_and_opens_by_one_a_round():
    gate = Gate(8)
    with gate.slot() as first, gate.slot() as second:
        gate.busy(first)
        gate.busy(second)
    assert gate.limit == 4
    for _ in range(4):
        gate.fine()
    assert 4.8 < gate.limit <= 5
    for _ in range(9):
        with gate.slot() as given:
            gate.busy(given)
    assert gate.limit == 1
