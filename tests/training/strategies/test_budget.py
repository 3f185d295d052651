from solving import SUM, Line, asked, lines, solved

from curation.backends.scripted import Scripted
from curation.models import Request, ask
from training.strategies.budget import Budget

FACTS = ("budget", "thinking_tokens", "violated")


def thinker(request):
    """Thinks eight words whatever it is told, then answers."""
    if request.prefix.endswith("The answer is"):
        return "5"
    return "is 4" if request.prefix else "<think>\none two three four five six seven </think>\nis 4"


def facts(*values):
    return dict(zip(FACTS, values, strict=True))


def test_thinking_is_closed_at_the_budget_and_the_answer_forced():
    model = Scripted(thinker)
    strategy = Budget(budgets=[4, 10], instruction="{budget}: {question}", answer_tokens=3)
    table = solved(strategy, [SUM], model)
    forced = "<think>\none two three four\n</think>\nThe answer is5"
    free = "<think>\none two three four five six seven </think>is 4"
    assert lines(table) == [
        Line("2 + 2?", 0, forced, "5", False, 5, facts(4, 4, True)),
        Line("2 + 2?", 1, free, "4", True, 10, facts(10, 8, False)),
    ]
    rows = strategy.measures(table)["budgets"]
    assert [(r["budget"], r["accuracy"], r["mean_tokens"], r["mean_thinking_tokens"]) for r in rows] == [
        (4, 0.0, 5, 4.0),
        (10, 1.0, 10, 8.0),
    ]
    assert [(r["violation_rate"], r["fidelity"]) for r in rows] == [(1.0, 0.0), (0.0, 0.2)]
    assert asked(model) == ["4: 2 + 2?", "10: 2 + 2?"] * 2
    prompt = ask("2 + 2?", "4: {question}")
    assert model.asked[0] == Request(prompt, 4, stop=("</think>",))
    assert model.asked[2] == Request(prompt, 3, prefix="<think>\none two three four\n</think>\nThe answer is")


def test_without_force_thinking_goes_on_and_is_counted_as_violation():
    strategy = Budget(budgets=[4], force=False, thinking_tokens=20)
    table = solved(strategy, [SUM], Scripted(thinker))
    output = "<think>\none two three four five six seven </think>is 4"
    assert lines(table) == [Line("2 + 2?", 0, output, "4", True, 10, facts(4, 8, True))]
    assert strategy.measures(table)["budgets"][0]["fidelity"] == 1.0


def test_thinking_that_never_ends_gives_no_answer_without_force():
    table = solved(Budget(budgets=[4], force=False, thinking_tokens=5), [SUM], Scripted(thinker))
    assert lines(table) == [Line("2 + 2?", 0, "<think>\none two three four five", None, False, 5, facts(4, 5, True))]


def test_an_answer_without_a_think_block_is_measured_whole():
    model = Scripted(["it is 4"])
    assert lines(solved(Budget(budgets=[9]), [SUM], model)) == [
        Line("2 + 2?", 0, "it is 4", "4", True, 3, facts(9, 3, False))
    ]
    assert len(model.asked) == 1
