import json

from curation.backends.meter import Call, Meter, Price
from curation.models import Completion

ANSWER = Completion("4", (1, 2), "stop", n_prompt_tokens=10)


def test_each_row_and_request_counts_once_and_is_paid_once(tmp_path):
    meter, price = Meter(tmp_path / "usage.jsonl"), Price(1.0, 5.0)
    for row in ("a", "b", "a"):
        meter.record(Call(row, "1. judge", "teacher", "key"), ANSWER, False, price)
    meter.record(Call("c", "1. judge", "teacher", "other"), ANSWER, True, price)
    lines = [json.loads(line) for line in (tmp_path / "usage.jsonl").read_text().splitlines()]
    assert [(line["row"], line["paid"], line["cost"]) for line in lines] == [
        ("a", True, 2e-5), ("b", False, 0.0), ("c", False, 0.0)
    ]  # fmt: skip
    assert meter.totals.as_metrics() == {
        "answers": 3, "kept": 2, "prompt_tokens": 10, "generated_tokens": 2, "cost": 2e-5, "ended_stop": 3,
    }  # fmt: skip


def test_a_resumed_run_goes_on_with_its_totals(tmp_path):
    call = Call("a", "1. judge", "teacher", "key")
    Meter(tmp_path / "usage.jsonl").record(call, ANSWER, False, Price(1.0, 5.0))
    with open(tmp_path / "usage.jsonl", "a") as file:
        file.write('{"half')
    again = Meter(tmp_path / "usage.jsonl")
    again.record(call, ANSWER, False, Price(1.0, 5.0))
    assert again.totals.answers == 1


def test_an_unknown_price_makes_the_cost_unknown():
    meter = Meter()
    meter.record(Call("a", "s", "m", "k"), ANSWER, False, Price())
    assert meter.totals.as_metrics()["cost"] is None
