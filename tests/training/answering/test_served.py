import pytest

from curation.backends.scripted import Scripted
from curation.errors import UserError
from curation.models import Completion, Request
from training.answering.served import Whole

REQUESTS = [Request("a"), Request("b"), Request("c")]


class Failing(Scripted):
    """Fails on b, and stops after as many answers as it is told."""

    def __init__(self, most=3):
        super().__init__({"a": "1", "c": "3"})
        self.most = most

    def stream(self, requests):
        for row, request in enumerate(requests[: self.most]):
            if request.prompt == "b":
                yield row, Completion("", (), "failed", cause="timeout", failure="no answer in 5 s")
            else:
                yield row, Completion(self.answers[request.prompt], (1,), "stop")


def test_a_failed_answer_is_told_after_the_others_came():
    found = []
    with pytest.raises(UserError, match=r"1 of 3 requests failed \(timeout: no answer in 5 s\)"):
        found.extend(Whole(Failing(), lambda: None).stream(REQUESTS))
    assert [(row, one.text) for row, one in found] == [(0, "1"), (2, "3")]


def test_a_stream_that_was_told_to_stop_stops_the_run():
    class Stopped(Exception):
        pass

    def check():
        raise Stopped

    with pytest.raises(Stopped):
        Whole(Failing(most=1), check).complete(REQUESTS)
