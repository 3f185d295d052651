from curation.comparing.rising import rising
from curation.operators.rewrite import Rewrite
from curation.operators.rewrite_stats import RewriteStats
from curation.prompting.rewriting import LEVELS
from curation.spec import build
from curation.texts.tokens import count_tokens
from curation.trace import Problem, Trace
from tests.curation.operators.scripted_asker import asker_of


def test_neighbours_that_do_not_rise_are_flagged():
    rows = [("easy", 3), ("easy", 5), ("medium", 9), ("hard", 8), ("other", 1)]
    assert rising(rows, ["easy", "medium", "hard"]) == (
        {"easy": 4, "medium": 9, "hard": 8},
        (("medium", "hard"),),
    )
    assert rising(rows[:3], ["easy", "medium", "hard"]) == ({"easy": 4, "medium": 9, "hard": None}, ())
    assert rising([("easy", 3), ("hard", 3)], ["easy", "medium", "hard"]).flagged == (("easy", "hard"),)


# real medians of words: SVAMP rationales by ChatGPT and by Gemini at six levels of detail
def test_levels_of_detail_rise_and_a_swapped_pair_is_flagged():
    levels = [str(level) for level in range(1, 7)]
    for medians in ([31, 35, 46, 55, 70, 77], [19, 28, 32, 39, 43, 54]):
        assert rising(zip(levels, medians, strict=True), levels).flagged == ()
        swapped = [*medians[:2], medians[3], medians[2], *medians[4:]]
        assert rising(zip(levels, swapped, strict=True), levels).flagged == (("3", "4"),)


def rewrites(words):
    """Nine problems rewritten by a teacher that writes so many words for each difficulty."""
    traces = [Trace(Problem(f"Problem {n}", "42"), f"word {n} " * 60 + "is 42", "42") for n in range(9)]
    known = {trace.id: {"pass_rate": (1.0, 0.5, 0.125)[n % 3]} for n, trace in enumerate(traces)}

    def reply(request):
        level = next(one for one in LEVELS if f"known to be {one}." in request.prompt[0]["content"])
        return f"<thought>{'word ' * words[level]}</thought><solution>Answer: 42</solution>"

    step = build(Rewrite, {"model": "teacher", "difficulty_from": "pass_rate"})
    found = step.map_known(traces, asker_of(reply), known)
    scores = [RewriteStats().annotate(child).scores for [child] in found]
    lengths = [count_tokens(child.reasoning) for [child] in found]
    return rising(zip([one["rewritten_to"] for one in scores], lengths, strict=True), LEVELS)


def test_lengths_of_rewrites_follow_the_difficulty_or_are_flagged():
    assert rewrites({"easy": 10, "medium": 20, "hard": 40}) == ({"easy": 10, "medium": 20, "hard": 40}, ())
    assert rewrites({"easy": 30, "medium": 20, "hard": 40}).flagged == (("easy", "medium"),)
