from solving import PRODUCT, SUM, Line, lines, solved

from curation.backends.scripted import Scripted
from curation.models import Request, ask
from training.strategies.think_free import ThinkFree


def test_answers_go_on_from_an_empty_think_block():
    model = Scripted(["4", "<think> 2 x 3 is 6 </think> 6"])
    strategy = ThinkFree(max_new_tokens=9)
    table = solved(strategy, [SUM, PRODUCT], model)
    assert lines(table) == [
        Line("2 + 2?", 0, "4", "4", True, 1, {}),
        Line("2 x 3?", 0, "<think> 2 x 3 is 6 </think> 6", "6", True, 8, {}),
    ]
    assert strategy.measures(table) == {"thinks_again_rate": 0.5}
    assert model.asked[0] == Request(ask("2 + 2?"), 9, prefix="<think>\n\n</think>\n")
