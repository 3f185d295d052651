from curation.operators.rewrite import Rewrite
from curation.operators.rewrite_stats import RewriteStats
from curation.spec import build
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of

LONG = Trace(Problem("1 + 1?", "2"), "one and one " * 10 + "is 2", "2")  # 32 tokens


def stats(reply, **values):
    step = build(Rewrite, {"model": "teacher", **values})
    [[child]] = step.map_with([LONG], asker_of([reply]))
    return RewriteStats().annotate(child).scores


def test_a_rewrite_tells_its_target_how_short_it_got_and_how_far_it_is_from_its_budget():
    reply = "<thought>one and one and one is 2</thought><solution>Answer: 2</solution>"
    found = stats(reply, target="budget", budgets=[10])
    assert found == {
        "rewritten_to": "10", "rewrite_ratio": 7 / 32, "rewrite_tries": 1, "budget_error": 0.3, "numbers_kept": None,
    }  # fmt: skip
    found = stats(f"<difficulty>easy</difficulty>{reply}")
    assert (found["rewritten_to"], found["budget_error"]) == ("easy", None)


def test_of_any_other_trace_nothing_is_known():
    assert set(RewriteStats().annotate(LONG).scores.values()) == {None}
