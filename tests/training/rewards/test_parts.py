from pathlib import Path

import pytest

from curation.errors import UserError
from training.rewards.expression import parse
from training.rewards.rollout import Rollout

KNIGHTS = "(1) Zoey is a knave, and Oliver is a knight."


def rollout(text="The answer is 4.", n_tokens=10, reference="4", **facts):
    return Rollout("What is 2 + 2?", reference, text, tuple(range(n_tokens)), **facts)


def value(part, *given, **facts):
    return parse(part)([rollout(*given, **facts)]).rewards[0]


def letter(text):
    return value("accuracy", text, reference="B")


@pytest.mark.parametrize(
    ("text", "n_tokens", "product", "total"),
    [
        ("The answer is 4.", 100, 1.0, 2.0),
        ("The answer is 4.", 125, 0.5, 1.5),
        ("The answer is 4.", 150, 0.0, 1.0),
        ("The answer is 4.", 400, 0.0, 1.0),
        ("The answer is 5.", 5, 0.0, 1.0),  # wrong and short: the sum pays for it, the product does not
        ("The answer is 5.", 400, 0.0, 0.0),
    ],
)
def test_the_product_pays_right_answers_within_the_budget_and_nothing_else(text, n_tokens, product, total):
    facts = {"text": text, "n_tokens": n_tokens, "budget": 100}
    assert value("accuracy * budget", **facts) == product
    assert value("accuracy + budget", **facts) == total


def test_a_target_also_asks_for_a_share_of_the_budget():
    found = [value("budget(mode='target')", n_tokens=n, budget=100) for n in (0, 25, 50, 100, 125)]
    assert found == [0.0, 0.5, 1.0, 1.0, 0.5]


def test_tokens_are_counted_not_words():
    assert value("budget", "one two three", 200, budget=100) == 0.0


def test_a_budget_nobody_gave_is_an_error():
    with pytest.raises(UserError, match="part 'budget' has nothing to measure against: give 'budgets'"):
        value("budget")


def test_letters_are_right_wrong_missing_and_the_last_of_two_counts():
    assert [letter("The answer is B."), letter("The answer is C."), letter("Hmm."), letter("First A. No, B.")] == [
        1.0, 0.0, 0.0, 1.0,
    ]  # fmt: skip


def test_a_bare_number_of_an_answer_that_was_cut_off_is_no_answer():
    assert value("accuracy", "2 + 2 = 4", finished=True) == 1.0
    assert value("accuracy", "2 + 2 = 4", finished=False) == 0.0
    assert value("accuracy", "<think>\n2 + 2 = 4", finished=True) == 0.0


@pytest.mark.parametrize(
    ("text", "prefix", "wanted"),
    [
        ("<think>\na\n</think>\n4", "", 1.0),
        ("a\n</think>\n4", "<think>", 1.0),  # the template opened the tag
        ("4", "<think>\n\n</think>\n", 1.0),  # the prompt closed it
        ("4", "", 0.0),
        ("<think>\na", "", 0.0),
        ("<think>a</think>", "", 0.0),  # no answer
        ("<think>a</think><think>b</think>4", "", 0.0),
        ("a</think>b<think>4", "", 0.0),
        ("4 <think>a</think> 4", "", 0.0),
    ],
)
def test_format_is_one_closed_think_block_and_an_answer(text, prefix, wanted):
    assert value("format", text, prefix=prefix) == wanted


def test_a_cut_completion_has_no_format():
    assert value("format", "<think>a</think>4", finished=False) == 0.0


def test_the_same_answer_is_worth_the_same_with_and_without_thinking():
    assert value("accuracy", "<think>\n2 + 2\n</think>\nThe answer is 4.") == 1.0
    assert value("accuracy", "The answer is 4.", prefix="<think>\n\n</think>\n") == 1.0


def test_length_falls_to_nothing_at_the_cap():
    assert [value("length(curve='linear')", n_tokens=n, cap=100) for n in (0, 25, 100, 200)] == [1.0, 0.75, 0.0, 0.0]
    assert [value("length(cap=50)", n_tokens=n, cap=100) for n in (0, 25, 50)] == pytest.approx([1.0, 0.5, 0.0])


def test_overlong_and_repetition_are_those_of_trl():
    from trl.rewards import get_repetition_penalty_reward, get_soft_overlong_punishment

    rows = [list(range(n)) for n in (0, 79, 80, 81, 90, 100, 120)] + [[5] * 7, [1, 2, 1, 2, 1, 2, 3]]
    rollouts = [Rollout("q", "4", "", tuple(ids)) for ids in rows]
    overlong = get_soft_overlong_punishment(max_completion_len=100, soft_punish_cache=20)
    assert parse("overlong(cap=100, cache=20)")(rollouts).rewards == pytest.approx(overlong(rows))
    repetition = get_repetition_penalty_reward(ngram_size=2)
    assert parse("repetition(n=2)")(rollouts).rewards == pytest.approx(repetition(rows))


def test_a_tool_is_used_where_its_program_runs_and_gives_a_value():
    programs = ["ans = 2 + 2", "ans = 2 / 0", "import os\nos.remove('x')\nans = 1"]
    texts = [f"```python\n{program}\n```" for program in programs] + ["no program"]
    assert [value("tool_use", text) for text in texts] == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("scores", "text", "wanted"),
    [
        ((0.9, 0.8, 0.5), "The answer is 4.", 0.5),  # falls by .375
        ((0.9, 0.8, 0.7), "The answer is 4.", 1.0),
        ((0.9, 0.8, 0.7), "The answer is 5.", 0.0),
        ((0.9, 0.8, 0.5), "The answer is 5.", 0.0),
        ((0.0, 0.5, 0.5), "The answer is 4.", 1.0),
        ((0.2,), "The answer is 4.", 1.0),
        ((), "The answer is 4.", 1.0),
        ((0.1, 0.9, 0.63), "The answer is 4.", 0.5),  # falls by .3, the threshold itself
    ],
)
def test_a_drop_in_the_step_scores_halves_a_right_answer(scores, text, wanted):
    assert value("accuracy * steps", text, step_scores=scores) == wanted


def test_a_rollout_knows_its_reasoning():
    assert rollout("a\n</think>\nb", prefix="<think>").reasoning == "a"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Zoey is a knave.", -2.0),
        ("<think>Zoey is a knave.</think>I do not know.", -1.0),
        ("<think>?</think>Zoey is a knave and Robert is a knight.", -1.0),  # nobody asked about Robert
        ("<think>?</think>Zoey is a knight and Oliver is a knight.", -0.5),
        ("<think>Zoey is a knight?</think>(1) Zoey is a knave\n(2) Oliver is a knight", 2.0),
    ],
)
def test_the_ladder_of_knights_and_knaves(text, wanted):
    ladder = "ladder(format=-2, answer=-1, accuracy=-0.5, otherwise=2)"
    assert parse(ladder)([rollout(text, reference=KNIGHTS)]).rewards == [wanted]


def test_real_puzzles_are_read_as_roles():
    import pyarrow.parquet as pq

    folder = Path(__file__).resolve().parents[3] / "../shared/data/knights_knaves"
    if not folder.is_dir():
        pytest.skip(f"the shared data folder {folder} is absent")
    rows = pq.read_table(folder / "kk_5ppl_test.parquet").to_pylist()
    for row in rows:
        right = rollout(f"<think>?</think>{row['solution_text_format']}", reference=row["solution_text_format"])
        assert parse("answer + accuracy")([right]).rewards == [2.0]
