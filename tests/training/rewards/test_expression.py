import pytest

from curation.errors import UserError
from training.rewards.expression import Scored, parse
from training.rewards.rollout import Rollout

TOOLS = "gate(format, accuracy + tool_use * gate(accuracy, 0.5 * accuracy, 0.03), -0.05)"


@pytest.mark.parametrize(
    ("accuracy", "tool_use", "format", "wanted"),
    [(1, 1, 1, 1.5), (1, 0, 1, 1.0), (0.5, 1, 1, 0.75), (0.3, 1, 1, 0.33), (0, 1, 1, 0.03), (1, 1, 0, -0.05)],
)
def test_a_gated_tool_reward(accuracy, tool_use, format, wanted):
    values = {"accuracy": accuracy, "tool_use": tool_use, "format": format}
    assert parse(TOOLS).value(values) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("accuracy", 0.5),
        ("2 * accuracy - 1", 0.0),
        ("-accuracy", -0.5),
        ("accuracy + 0.2 * format", 0.7),
        ("(accuracy + 1) * (format - 3)", -3.0),
        ("gate(format, accuracy)", 0.5),
        ("gate(answer, accuracy)", 0.0),
        ("gate(answer, accuracy, 7)", 7.0),
        ("gate(accuracy + format - 1, 1)", 1.0),
        ("ladder(accuracy=-1, answer=-2, otherwise=3)", -2.0),
        ("ladder(format=-1, accuracy=-2, otherwise=3)", 3.0),
    ],
)
def test_sums_products_gates_and_ladders(text, wanted):
    assert parse(text).value({"accuracy": 0.5, "format": 1.0, "answer": 0.0}) == pytest.approx(wanted)


def test_every_part_is_measured_once_a_rollout_and_kept_under_its_text():
    rollouts = [Rollout("q", "4", text, (1,) * n, budget=4) for text, n in (("4", 4), ("5", 5), ("4", 6))]
    found = parse("accuracy * budget(kappa=1) + 0 * accuracy")(rollouts)
    parts = {"accuracy": [1.0, 0.0, 1.0], "budget(kappa=1)": [1.0, 0.75, 0.5]}
    assert found == Scored([1.0, 0.0, 0.5], parts)


def test_an_expression_knows_its_parts():
    reward = parse("accuracy * budget(kappa=0.25)")
    assert (reward.uses("budget"), reward.uses("length"), list(reward.parts)) == (
        True, False, ["accuracy", "budget(kappa=0.25)"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acuracy * 2", "character 1 on: 'acuracy' is no part; known: accuracy, answer, budget, format, length"),
        ("2 * acuracy", "The reward '2 . acuracy' from character 5 on"),
        ("accuracy / 2", "'accuracy / 2' is none of: numbers, . - ., gate"),
        ("__import__('os').remove('x')", "is none of: numbers"),
        ("open(file='x')", "is no part"),
        ("accuracy.__class__", "is none of"),
        ("[accuracy][0]", "is none of"),
        ("accuracy if format else 0", "is none of"),
        ("True * accuracy", "'True' is none of"),
        ("budget(kapa=1)", "has no parameter 'kapa'; its parameters: kappa, mode, rho_low"),
        ("accuracy(x=1)", "has no parameter 'x'; its parameters: none"),
        ("budget(kappa=0)", "has a bad 'kappa': Input should be greater than 0, found 0"),
        ("budget(mode='lower')", "has a bad 'mode': Input should be 'upper' or 'target', found 'lower'"),
        ("budget(kappa=accuracy)", "character 14 on: 'accuracy' is no number or text"),
        ("budget(**{'kappa': 1})", "has no parameter 'None'"),
        ("gate(accuracy)", "is none of"),
        ("ladder(format=-1)", "must give every part a number and end with 'otherwise=...'"),
        ("ladder(format='x', otherwise=1)", "must give every part a number"),
        ("ladder(shape=-1, otherwise=1)", "is no part"),
        ("1 + 1", "names no part"),
        ("accuracy +", "is no expression"),
        ("", "is no expression"),
        ("accuracy\0", "is no expression"),
        ("-" * 499 + "1", "is none of|names no part|is no expression"),
        ("accuracy + " * 60 + "1", "is 661 characters long; at most 500 are read"),
    ],
)
def test_what_is_no_reward_is_refused_with_its_place(text, message):
    with pytest.raises(UserError, match=message):
        parse(text)
