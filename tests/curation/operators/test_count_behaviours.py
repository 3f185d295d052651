from curation.operators.count_behaviours import CountBehaviours
from curation.texts.behaviours import behaviours
from curation.texts.tokens import estimate_tokens


def test_sentences_are_counted_per_1000_estimated_tokens(make_trace):
    text = "First, I need to add. Maybe 12 + 5 = 17. Let me double-check that. Wait, that's wrong. Maybe 18. Done."
    rate = 1000 / estimate_tokens(text)
    assert CountBehaviours().annotate(make_trace(text)).scores == {
        "verification": rate, "backtracking": rate, "sub_goals": rate, "hypotheses": 0, "hedges": 2 * rate,
    }  # fmt: skip


def test_a_sentence_counts_once_for_a_behaviour(make_trace):
    text = "Maybe it is perhaps 3."
    assert CountBehaviours().annotate(make_trace(text)).scores["hedges"] == 1000 / estimate_tokens(text)


def test_chinese_is_counted_too(make_trace):
    scores = CountBehaviours().annotate(make_trace("首先，求出总数。不对，应该是十二。我们来验算。")).scores
    assert [name for name, rate in scores.items() if rate] == ["verification", "backtracking", "sub_goals"]


def test_no_reasoning_is_unknown(make_trace):
    assert set(CountBehaviours().annotate(make_trace("", answer="4")).scores.values()) == {None}


def test_sentences_that_others_labelled_are_told_apart(shared_rows):
    shown = {"Backtracking": [], "Deduction": [], "Uncertainty Estimation": []}
    for row in shared_rows("thought_anchors/labelled_chunks_entropy.json.gz"):
        for chunk in row["chunks"]:
            if chunk["category"] in shown:
                shown[chunk["category"]].append(behaviours(chunk["text"].strip()))
    backtracking = {label: share("backtracking", found) for label, found in shown.items()}
    hedging = {label: share("hedges", found) for label, found in shown.items()}
    assert backtracking["Backtracking"] > 0.7
    assert backtracking["Deduction"] < 0.1
    assert hedging["Uncertainty Estimation"] > 3 * hedging["Deduction"]


def share(behaviour, found):
    return sum(behaviour in shown for shown in found) / len(found)
