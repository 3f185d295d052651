from dataclasses import replace

from curation.trace import Problem, Trace, derive
from curation.tuning.estimate import Estimate, Tally
from curation.tuning.trying import Tried
from pages.ui.tuning import try_view

TRACE = Trace(Problem("1 + 1?", "2"), "one and one", "2")
SHORTER = derive(TRACE, reasoning="2")
ASKED = Tally(2, 300, 20, 0.00032, 2)


def row(verdict, after=(), reason=None, scores=None):
    return Tried(TRACE, verdict, reason, list(after), scores or {}, ASKED)


def test_an_estimate_says_what_it_rests_on():
    found = Estimate(1200, 3, 2400, 360_000, 24_000, 0.384, 5400.0)
    assert try_view.estimated(found) == (
        "Estimate for 1,200 rows, from the 3 tried: 2,400 calls, 360,000 prompt tokens, 24,000 generated tokens, "
        "cost 0.38, 1:30:00 at the pace of the trial."
    )
    assert try_view.estimated(found._replace(seconds=None)).endswith("cost 0.38.")


def test_before_a_trial_only_the_most_is_said():
    assert try_view.estimated(Estimate(1, 0, 1, 90, 50, None, None)) == (
        "Not tried yet. If each of 1 row is asked about once, at most: 1 call, 90 prompt tokens, 50 generated tokens, "
        "cost unknown."
    )


def test_rows_end_rewritten_written_anew_rejected_or_failed():
    anew = replace(SHORTER, id="", parent_id=None)
    rows = [row("changed", [SHORTER]), row("changed", [anew]), row("dropped", reason="not shorter"), row("failed")]
    assert [try_view.outcome(one) for one in rows] == ["rewritten", "written anew", "rejected", "failed"]
    assert try_view.summary([*rows, rows[0]]) == "2 rewritten, 1 written anew, 1 rejected, 1 failed"


def test_a_row_of_the_table_has_scores_tokens_and_cost():
    assert try_view.line(2, row("scored", scores={"judge_quality": 4.0, "judge_unread": None})) == {
        "Row": 2, "Outcome": "measured", "Why": "", "judge_quality": "4", "judge_unread": "unknown",
        "Prompt": 300, "Generated": 20, "Cost": 0.00032,
    }  # fmt: skip
