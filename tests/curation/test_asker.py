import pytest

from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Request

REQUESTS = [Request("a"), Request("b"), Request("a")]


class Stop(Exception):
    pass


def asker(tmp_path, model, by="run", heard=lambda: None, identity="teacher"):
    opened = {"teacher": Opened(model, identity, Price(1.0, 1.0))}
    return Asker(opened.__getitem__, AnswerBook(tmp_path / "answers.sqlite"), Meter(), by, heard)


def test_equal_requests_are_asked_once_and_kept_for_the_next_run(tmp_path):
    first, second = Scripted({"a": "1", "b": "2"}), Scripted({})
    one, two = asker(tmp_path, first), asker(tmp_path, second, by="later")
    assert [found.text for found in one.complete("teacher", REQUESTS, ["x", "y", "z"])] == ["1", "2", "1"]
    assert [found.text for found in two.complete("teacher", REQUESTS, ["x", "y", "z"])] == ["1", "2", "1"]
    assert (len(first.asked), len(second.asked)) == (2, 0)
    assert (one.meter.totals.answers, one.meter.totals.kept) == (3, 1)
    assert (two.meter.totals.kept, two.meter.totals.cost) == (3, 0.0)


def test_another_model_of_the_same_name_is_asked_anew(tmp_path):
    asker(tmp_path, Scripted(["1"])).complete("teacher", [Request("a")], ["x"])
    found = asker(tmp_path, Scripted(["2"]), identity="other").complete("teacher", [Request("a")], ["x"])
    assert found[0].text == "2"


def test_a_stopped_run_keeps_what_it_was_answered(tmp_path):
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 2:
            raise Stop

    with pytest.raises(Stop):
        asker(tmp_path, Scripted(["1", "2"]), heard=stop).complete("teacher", [Request("a"), Request("b")], ["x", "y"])
    again = Scripted([])
    found = asker(tmp_path, again).complete("teacher", [Request("a"), Request("b")], ["x", "y"])
    assert ([one.text for one in found], again.asked) == (["1", "2"], [])


def test_scores_are_kept_too(tmp_path):
    first = asker(tmp_path, Scripted({"a": "1"})).score("teacher", [Request("a")], ["1 2"])
    assert first == asker(tmp_path, Scripted({})).score("teacher", [Request("a")], ["1 2"])
    assert first == [[(1, -1.0), (3, -10.0)]]


def test_scoring_can_be_stopped_between_texts_and_goes_on_where_it_was(tmp_path):
    def stop():
        raise Stop

    texts, requests = [str(number) for number in range(40)], [Request("a")] * 40
    with pytest.raises(Stop):
        asker(tmp_path, Scripted({"a": "1"}), heard=stop).score("teacher", requests, texts)
    assert len(AnswerBook(tmp_path / "answers.sqlite")) == 32
    found = asker(tmp_path, Scripted({"a": "1"})).score("teacher", requests, texts)
    assert [len(scores) for scores in found] == [1] * 40


def test_an_unknown_model_is_named(tmp_path):
    from curation.connection import find

    with pytest.raises(UserError, match=r"'nobody'.*base"):
        find("nobody", tmp_path)


def test_a_receipt_tells_the_key_of_a_request_and_its_cost_whoever_paid(tmp_path):
    made = asker(tmp_path, Scripted({"a": "1 2"}))
    (answer,) = made.complete("teacher", [Request("a")], ["x"])
    receipt = made.receipt("teacher", Request("a"), answer)
    assert made.book.get(receipt.key)["completion"]["text"] == "1 2"
    assert receipt.cost == 3 / 1e6
    assert asker(tmp_path, Scripted({}), by="later").receipt("teacher", Request("a"), answer) == receipt


def test_a_book_that_nobody_reads_is_no_file(tmp_path):
    book = AnswerBook(tmp_path / "answers.sqlite")
    assert list(tmp_path.iterdir()) == []
    assert (book.get("a"), len(book)) == (None, 0)
    assert (tmp_path / "answers.sqlite").exists()
