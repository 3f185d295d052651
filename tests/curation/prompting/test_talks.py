"""Talks: many rows ask together, one question a round, and one that ends does not stop the others."""

import pytest

from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter
from curation.backends.scripted import Scripted
from curation.models import Request
from curation.prompting.talks import Unusable, hold


@pytest.fixture
def asker(tmp_path):
    """Asks a model that says back what it is asked; `asked` collects the requests."""
    model = Scripted(lambda request: f"{request.prompt}!")
    made = Asker(lambda name: Opened(model, name), AnswerBook(tmp_path / "answers.sqlite"), Meter())
    made.asked = model.asked
    return made


def twice(word):
    first = yield Request(word)
    second = yield Request(first.text)
    return second.text


def refuse(word):
    yield Request(word)
    raise Unusable("empty: nothing was said")


def silent():
    return "no question"
    yield


def test_each_round_asks_for_all_open_talks_together(asker):
    held = hold([twice("a"), refuse("b"), twice("c")], ["x", "y", "z"], "echo", asker)
    assert [request.prompt for request in asker.asked] == ["a", "b", "c", "a!", "c!"]
    assert [one.result for one in (held[0], held[2])] == ["a!!", "c!!"]
    assert str(held[1].result) == "empty: nothing was said"
    assert [[exchange.completion.text for exchange in one.exchanges] for one in held] == [
        ["a!", "a!!"], ["b!"], ["c!", "c!!"],
    ]  # fmt: skip
    assert asker.meter.totals.answers == 5


def test_a_talk_may_ask_nothing(asker):
    (held,) = hold([silent()], ["x"], "echo", asker)
    assert (held.result, held.exchanges, asker.asked) == ("no question", (), [])
    assert hold([], [], "echo", asker) == []
