from collections import Counter

import pytest

from curation.errors import UserError
from curation.operators.mix import Mix
from curation.spec import build
from tests.curation.operators.deciding import decided, dropped, kept

COLUMNS = "id, problem_id, model, n_tokens"
ROWS = [(f"{model}{n}", f"p{n}", model, 10 * n) for model, count in (("long", 4), ("short", 9)) for n in range(count)]


def counted(step: Mix, rows: list) -> dict[str, int]:
    return dict(Counter(name[:-1] for name in kept(step, COLUMNS, *rows)))


def test_as_many_as_the_ratio_allows():
    assert counted(Mix(ratios={"long": 1, "short": 2}), ROWS) == {"long": 4, "short": 8}
    assert counted(Mix(ratios={"long": 1, "short": 4}), ROWS) == {"long": 2, "short": 9}  # 11 rows, 2.2 of them long


def test_a_total_is_met_exactly_and_never_exceeded():
    assert counted(Mix(ratios={"long": 1, "short": 2}, total=7), ROWS) == {"long": 2, "short": 5}
    assert counted(Mix(ratios={"long": 1, "short": 2}, total=700), ROWS) == {"long": 4, "short": 8}


def test_a_ratio_of_nothing_is_pure():
    assert counted(Mix(ratios={"long": 0, "short": 1}), ROWS) == {"short": 9}


def test_a_row_says_why_it_goes():
    rows = [("a", "p", "long", 1), ("b", "p", "short", 1), ("c", "q", "short", 1), ("d", "q", None, 1)]
    found = decided(Mix(ratios={"long": 1, "short": 1}), COLUMNS, *rows)
    assert [(row.threshold, row.reason) for row in found if row.id in "ad"] == [
        (1, None),
        (None, "model is not in the mix"),
    ]
    assert sorted(row.value for row in found if row.id in "bc") == [1, 2]
    assert [row.reason for row in found if row.value == 2] == ["enough of short"]


def test_a_source_without_rows_is_named_as_the_reason():
    rows = [("a", "p", "long", 1)]
    assert dropped(Mix(ratios={"long": 1, "shrt": 1}), COLUMNS, *rows) == {"a": "a model of the mix has no rows"}


def test_tokens_are_counted_until_the_share_is_full():
    rows = [(f"{model}{n}", "p", model, size) for model, size in (("long", 100), ("short", 10)) for n in range(10)]
    assert counted(Mix(ratios={"long": 1, "short": 1}, unit="tokens"), rows) == {"long": 1, "short": 10}
    step = Mix(ratios={"long": 4, "short": 1}, unit="tokens", total=250)
    assert counted(step, rows) == {"long": 2, "short": 5}
    assert step.needs() == ("model", "n_tokens")


def test_a_row_without_tokens_is_unknown():
    rows = [("a", "p", "long", 5), ("b", "p", "long", None)]
    assert dropped(Mix(ratios={"long": 1}, unit="tokens"), COLUMNS, *rows) == {"b": "n_tokens is unknown"}


def test_the_seed_and_the_ids_alone_choose_the_rows():
    step = Mix(ratios={"short": 1}, total=4)
    wanted = ["short1", "short2", "short4", "short6"]
    assert kept(step, COLUMNS, *ROWS) == kept(step, COLUMNS, *reversed(ROWS)) == wanted
    assert kept(step.model_copy(update={"seed": 1}), COLUMNS, *ROWS) != kept(step, COLUMNS, *ROWS)


def test_one_per_problem_divides_the_problems():
    rows = [(f"{model}{n}{k}", f"p{n}", model, 1) for model in ("long", "short") for n in range(10) for k in "xy"]
    step = Mix(ratios={"long": 0.2, "short": 0.8}, one_per_problem=True)
    found = kept(step, COLUMNS, *rows)
    assert Counter(name[:-2] for name in found) == {"long": 2, "short": 8}
    assert len({name[-2] for name in found}) == 10
    assert Counter(dropped(step, COLUMNS, *rows).values()) == {
        "its problem goes to another model": 20,
        "its problem has a trace of its model": 10,
    }
    few = step.model_copy(update={"total": 5})
    assert Counter(name[:-2] for name in kept(few, COLUMNS, *rows)) == {"long": 1, "short": 4}
    assert Counter(dropped(few, COLUMNS, *rows).values())["the total is reached"] == 20


def test_436_real_problems_are_mixed_as_in_the_paper(shared_rows):
    systems = ("6b_verification", "175b_verification")
    rows = [
        (f"{number}-{system}", row["question"], system, 1)
        for number, row in enumerate(shared_rows("gsm8k_full/example_model_solutions.jsonl.gz"))
        if all(row[system]["is_correct"] for system in systems)
        for system in systems
    ]
    found = kept(Mix(ratios=dict(zip(systems, (0.2, 0.8), strict=True)), one_per_problem=True), COLUMNS, *rows)
    assert Counter(name.split("-")[1] for name in found) == {"6b_verification": 87, "175b_verification": 349}
    assert len({name.split("-")[0] for name in found}) == 436


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ratios": {"a": 0}}, "ratios must give some source more than 0"),
        ({"ratios": {"a": 1}, "unit": "tokens", "one_per_problem": True}, "goes with the unit rows only"),
    ],
)
def test_a_mix_of_nothing_and_tokens_of_problems_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        build(Mix, values)
