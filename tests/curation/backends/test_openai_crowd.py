"""Many requests of one server: how many at once, how often, in which calls, and when it ends."""

from collections import Counter

import pytest

from curation.backends.openai_server import Halted, crowd
from curation.errors import UserError
from curation.models import Request, ask
from tests.asking import chats, model
from tests.faults import FaultServer


def test_a_server_asks_for_a_wait_and_gets_it():
    with FaultServer({"busy_later": 1.0}) as server:
        asked = model(server, retries=3)
        assert asked.complete(chats("a"))[0].cause == "rate_limit"
        assert len(asked.wait.seconds) == 3
        assert all(seconds >= 2 for seconds in asked.wait.seconds)


def test_no_try_begins_after_the_deadline():
    with FaultServer({"busy_later": 1.0}) as server:
        asked = model(server, retries=100, deadline=10.0)
        assert asked.complete(chats("a"))[0].cause == "rate_limit"
        assert asked.wait.now <= 10
        assert 2 <= server.served["busy_later"] <= 5


def test_a_busy_server_is_asked_less_at_once_and_then_more_again():
    with FaultServer({"busy": 0.5}, seed=1) as server:
        asked = model(server, concurrency=8, retries=20)
        found = asked.complete(chats(*map(str, range(40))))
        assert Counter(one.finish_reason for one in found) == {"stop": 40}
        assert server.served["busy"] > 5
        low = asked.gate.limit
        server.shares = {}
        asked.complete(chats(*map(str, range(100, 200))))
        assert low < 8
        assert asked.gate.limit == 8
        assert server.most_at_once <= 8


def test_samples_of_one_prompt_share_a_call_and_draw_the_same():
    requests = [Request(ask("a"), temperature=1.0, seed=seed) for seed in (3, 4, 5, 9)]
    requests += [Request(ask("b"), temperature=0.0, seed=seed) for seed in (3, 4)]

    def drawn(body):
        return f"{body['messages'][-1]['content']} {body.get('seed')}"

    with FaultServer(answer=drawn) as server:
        one_by_one = model(server).complete(requests)
        assert len(server.asked) == 6
        together = model(server, answers_per_call=2).complete(requests)
        assert sorted(body.get("n", 1) for body in server.asked[6:]) == [1, 1, 1, 1, 2]
    assert [one.text for one in together] == [one.text for one in one_by_one]
    assert [one.text for one in together[:4]] == ["a 3", "a 4", "a 5", "a 9"]
    assert [one.n_prompt_tokens for one in together] == [1, 0, 1, 1, 1, 1]  # a prompt is paid once for its call


def test_samples_a_server_leaves_out_are_asked_one_by_one():
    class Single(FaultServer):
        def reply(self, path, body, kind):
            return super().reply(path, {**body, "n": 1}, kind)

    requests = [Request(ask("a"), temperature=1.0, seed=seed) for seed in range(4)]
    with Single(answer=lambda body: str(body["seed"])) as server:
        found = model(server, answers_per_call=4).complete(requests)
        assert [one.text for one in found] == ["0", "1", "2", "3"]
        assert len(server.asked) == 4


def test_only_so_many_requests_are_submitted_at_once():
    seen = []
    with FaultServer() as server:
        asked = model(server, concurrency=4)
        for place, _ in asked.stream(chats(*map(str, range(60)))):
            seen.append(place)
            assert len(server.asked) <= len(seen) + 4
        assert server.most_at_once <= 4
    assert sorted(seen) == list(range(60))


def test_told_to_stop_it_hands_over_what_is_under_way_and_asks_no_more():
    found = []
    with FaultServer() as server:
        asked = model(server, concurrency=4, stopping=lambda: len(found) > 9)
        for answer in asked.stream(chats(*map(str, range(60)))):
            found.append(answer)
        assert len(found) == len(server.asked)
        assert 10 <= len(found) <= 18


def test_nothing_is_asked_once_nobody_listens():
    with FaultServer() as server:
        answers = model(server, concurrency=2).stream(chats(*map(str, range(60))))
        next(answers)
        answers.close()
        assert len(server.asked) <= 6


def test_limits_per_minute_are_kept():
    with FaultServer() as server:
        slow = model(server, requests_per_minute=60, concurrency=1)
        slow.complete(chats(*map(str, range(5))))
        assert slow.wait.now == pytest.approx(4.0)
        few = model(server, tokens_per_minute=600, concurrency=1)
        few.complete([Request(ask(text), max_new_tokens=10_000) for text in ("a", "b", "c")])
        assert few.wait.now < 2  # what was not used is given back


def test_what_is_under_way_is_handed_over_before_what_ends_the_run():
    def work(job, halt):
        if job == 0:
            raise UserError("no credit left")
        halt.wait()
        if job == 3:
            raise Halted
        return job

    found = []
    with pytest.raises(UserError, match="no credit left"):
        found.extend(crowd(work, iter(range(9)), 4, lambda: False))
    assert sorted(found) == [1, 2]
