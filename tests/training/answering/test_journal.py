import pytest

from curation.backends.kept import Kept
from curation.backends.scripted import Scripted
from curation.models import Completion, Request
from training.answering.journal import Journal, Lazy

REQUESTS = [Request(f"question {n}", prefix="so") for n in range(4)]


class Killed(Exception):
    """The end of a process."""


def kill_after(count):
    """Raises once that many answers were heard of."""

    def done(finished):
        if finished == count:
            raise Killed

    return done


def answering():
    return Scripted(lambda request: f"to {request.prompt}")


def test_a_killed_session_is_gone_on_with_and_asks_nothing_twice(tmp_path):
    path = tmp_path / "new" / "journal.jsonl"
    with pytest.raises(Killed):
        Kept(answering(), Journal(path)).complete(REQUESTS, kill_after(3))
    with open(path, "ab") as file:
        file.write(b'{"key": "half a li')
    model, heard = answering(), []
    found = Kept(model, Journal(path)).complete(REQUESTS, heard.append)
    assert [request.prompt for request in model.asked] == ["question 3"]
    assert found == answering().complete(REQUESTS)
    assert heard == [1, 2, 3, 4]
    assert len(path.read_text().splitlines()) == 4


def test_equal_requests_are_asked_once(tmp_path):
    model = answering()
    found = Kept(model, Journal(tmp_path / "j.jsonl")).complete([REQUESTS[0], REQUESTS[1], REQUESTS[0]])
    assert [completion.text for completion in found] == ["to question 0", "to question 1", "to question 0"]
    assert len(model.asked) == 2


def test_models_and_parameters_are_told_apart(tmp_path):
    journal, first, second = Journal(tmp_path / "j.jsonl"), Scripted(["one"]), Scripted(["two"])
    others = [Request("q", 9), Request("q", 9, 0.5), Request("q", 9, 0.5, 1), Request("q", 9, 0.5, 1, 0.9)]
    assert Kept(first, journal, "first").complete(others)[0].text == "one"
    assert Kept(second, journal, "second").complete(others)[0].text == "two"
    assert (len(first.asked), len(second.asked)) == (4, 4)


def test_a_completion_is_read_back_whole(tmp_path):
    path = tmp_path / "j.jsonl"
    asked = [Request("q", 9, stop=(".",))]
    Kept(Scripted(["one two. three"]), Journal(path)).complete(asked)
    again = Scripted([])
    assert Kept(again, Journal(path)).complete(asked) == [Completion("one two", (0, 1), "stop", 1, ".")]


def test_scored_texts_are_kept_too(tmp_path):
    path = tmp_path / "j.jsonl"
    requests, texts = [Request("q"), Request("q"), Request("q")], ["a b", "c", "a b"]
    wanted = [[(1, -1.0), (3, -10.0)], [(1, -10.0)], [(1, -1.0), (3, -10.0)]]
    assert Kept(Scripted({"q": "a"}), Journal(path)).score(requests, texts) == wanted
    assert len(path.read_text().splitlines()) == 2
    assert Kept(Scripted({"q": "not asked"}), Journal(path)).score(requests, texts) == wanted


def test_time_goes_on_where_the_last_session_stopped(tmp_path):
    path = tmp_path / "j.jsonl"
    path.write_text('{"key": "k", "seconds": 100.5, "scores": []}\n')
    assert 100.5 <= Journal(path).seconds < 200


def test_a_model_is_opened_when_it_is_first_asked():
    opened = []

    def open_it():
        opened.append(1)
        return answering()

    model = Lazy(open_it)
    assert model.complete([]) == []
    assert opened == []
    assert model.complete(REQUESTS[:1])[0].text == "to question 0"
    assert opened == [1]
