import pytest

from curation.texts.behaviours import behaviours


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Let me double-check that.", {"verification"}),
        ("Wait, that's wrong.", {"backtracking"}),
        ("First, I need to find the total.", {"sub_goals"}),
        ("Step 2: add the two numbers.", {"sub_goals"}),
        ("Suppose x is even.", {"hypotheses"}),
        ("So what if the wolf goes first?", {"hypotheses", "backtracking"}),
        ("Maybe there are 12.", {"hedges"}),
        ("I'm not entirely sure about the last one.", {"hedges"}),
        ("Wait, maybe I made a mistake.", {"backtracking", "hedges"}),
        ("Alternatively, count the odd ones.", {"backtracking"}),
        ("Let me think about it again.", {"backtracking", "verification"}),
        ("That seems too low.", {"hedges"}),
        ("我们来验算。", {"verification"}),
        ("不对，应该是 12。", {"backtracking"}),
        ("首先，求出总数。", {"sub_goals"}),
        ("假设第一个人说真话。", {"hypotheses"}),
        ("也许答案是 3。", {"hedges"}),
        ("She buys 5 more, so 12 + 5 = 17.", set()),
        ("每天下十六颗蛋。", set()),
        ("", set()),
    ],
)
def test_a_sentence_shows_what_its_cue_words_say(sentence, shown):
    assert behaviours(sentence) == shown
