"""The backend for OpenAI-compatible servers, against a server that misbehaves as told."""

import logging
from collections import Counter

import pytest

from curation.backends.openai_server import OpenAIModel, crowd
from curation.errors import UserError
from curation.models import Completion, Request, ask
from tests.faults import FaultServer

BROKEN_FOR_GOOD = {
    "busy": ("rate_limit", 3), "error": ("server_error", 3), "down_for_now": ("server_error", 3),
    "conflict": ("server_error", 3), "request_timeout": ("timeout", 3), "reset": ("connection", 3),
    "half": ("connection", 3), "malformed": ("bad_response", 3), "no_choices": ("bad_response", 3),
    "bad_request": ("bad_request", 1), "too_long": ("context_length", 1),
}  # fmt: skip
USELESS = {
    "empty": ("", "stop"), "length": ("re: a", "length"), "filtered": ("", "filtered"),
    "refusal": ("I cannot help with that.", "filtered"),
}  # fmt: skip


class Waits:
    """Waits without waiting, and keeps time by it."""

    def __init__(self):
        self.seconds, self.now = [], 0.0

    def __call__(self, seconds):
        self.seconds.append(seconds)
        self.now += seconds

    def clock(self):
        return self.now


def model(server, **settings):
    waits = Waits()
    return OpenAIModel(server.url, "teacher", **{"wait": waits, "clock": waits.clock, "retries": 2, **settings})


def chats(*questions):
    return [Request(ask(question)) for question in questions]


def test_chats_and_texts_are_answered_in_order():
    with FaultServer() as server:
        found = model(server).complete([*chats("a", "b c"), Request("d", prefix=" e")])
    assert found == [
        Completion("re: a", (), "stop", 1, n_generated=2),
        Completion("re: b c", (), "stop", 2, n_generated=3),
        Completion("re: d e", (), "stop", 2, n_generated=3),
    ]


@pytest.mark.parametrize("kind", BROKEN_FOR_GOOD)
def test_a_request_that_always_fails_is_a_typed_failure(kind):
    cause, tries = BROKEN_FOR_GOOD[kind]
    with FaultServer({kind: 1.0}) as server:
        found = model(server).complete(chats("a", "b"))
        assert [(one.finish_reason, one.cause, one.text, one.n_tokens) for one in found] == [
            ("failed", cause, "", 0)
        ] * 2
        assert all(one.failure for one in found)
        assert server.served == {kind: 2 * tries}


@pytest.mark.parametrize("kind", USELESS)
def test_an_answer_of_no_use_is_an_answer_all_the_same(kind):
    text, reason = USELESS[kind]
    with FaultServer({kind: 1.0}) as server:
        found = model(server).complete(chats("a"))[0]
        assert (found.text, found.finish_reason, found.failure) == (text, reason, None)
        assert server.served == {kind: 1}


def test_too_long_a_prompt_is_explained():
    with FaultServer({"too_long": 1.0}) as server:
        found = model(server).complete(chats("a"))[0]
    assert found.failure == (
        "the prompt's 70 tokens exceed the model's limit of 64 tokens: shorten the prompt, or leave out the row"
    )


def test_a_server_that_is_slow_costs_no_more_than_the_deadline():
    with FaultServer({"slow": 1.0}) as server:
        slow = OpenAIModel(server.url, "teacher", deadline=0.2)
        found = slow.complete(chats("a"))[0]
        assert (found.cause, found.failure) == ("timeout", "ReadTimeout: timed out")
        assert server.served == {"slow": 1}


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


def test_a_wrong_key_is_told_by_its_variable_and_never_shown(caplog):
    with FaultServer(key="right") as server, caplog.at_level(logging.DEBUG):
        asked = OpenAIModel(server.url, "teacher", "secret-7f3a", key_variable="TEACHER_KEY")
        with pytest.raises(UserError, match=r"refuses the key \(HTTP 401\).*TEACHER_KEY") as told:
            asked.complete(chats("a"))
        assert OpenAIModel(server.url, "teacher", "right").complete(chats("a"))[0].text == "re: a"
    assert "secret-7f3a" not in str(told.value) + caplog.text


def test_a_model_the_server_does_not_know_is_told_with_those_it_does():
    with (
        FaultServer(models=("teacher-large", "teacher-small")) as server,
        pytest.raises(UserError, match=r"no model 'teacher'; its models: teacher-large, teacher-small"),
    ):
        model(server).complete(chats("a"))


def test_an_address_without_a_server_is_told():
    with FaultServer() as server:
        gone = model(server)
        server.close()
        with pytest.raises(UserError, match=r"is down .*start it and resume: finished calls are kept"):
            gone.complete(chats("a", "b"))
        with pytest.raises(UserError, match="tells no models.*Is it started"):
            gone.models()
        assert len(gone.wait.seconds) >= 2


def test_a_server_that_goes_down_later_is_told_after_twenty_requests():
    with FaultServer() as server:
        asked = model(server, concurrency=1)
        asked.complete(chats("a"))
        server.close()
        found = []
        with pytest.raises(UserError, match="is down"):
            found.extend(asked.stream(chats(*map(str, range(50)))))
        assert [one.cause for _, one in found] == ["connection"] * 19


def test_models_are_listed():
    with FaultServer(models=("a", "b")) as server:
        assert model(server).models() == ["a", "b"]


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


def test_a_key_in_the_log_of_requests_is_nowhere(caplog):
    with FaultServer(key="secret-7f3a") as server, caplog.at_level(logging.INFO):
        assert OpenAIModel(server.url, "teacher", "secret-7f3a").complete(chats("a"))[0].text == "re: a"
    assert caplog.text == ""


def test_a_server_that_calls_the_limit_otherwise_is_asked_in_its_words():
    class Newer(FaultServer):
        def reply(self, path, body, kind):
            if "max_tokens" in body:
                said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
                return 400, {"error": {"message": said}}
            return super().reply(path, body, kind)

    with Newer() as server:
        asked = model(server, concurrency=1)
        assert [one.text for one in asked.complete(chats("a", "b"))] == ["re: a", "re: b"]
        assert [sorted({"max_tokens", "max_completion_tokens"} & set(body)) for body in server.asked] == [
            ["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"],
        ]  # fmt: skip


def test_a_server_that_refuses_a_beginning_is_told():
    class Plain(FaultServer):
        def reply(self, path, body, kind):
            if "continue_final_message" in body:
                return 400, {"error": {"message": "Unrecognized request argument supplied: continue_final_message"}}
            return super().reply(path, body, kind)

    with Plain() as server, pytest.raises(UserError, match="cannot go on from a given beginning"):
        model(server).complete([Request(ask("a"), prefix="First")])


def test_a_server_without_log_probabilities_of_prompts_is_told():
    with FaultServer() as server, pytest.raises(UserError, match="does not tell how likely a given text is"):
        model(server).score(chats("a"), ["b"])


def test_a_body_that_drips_ends_at_the_deadline():
    with FaultServer({"drip": 1.0}) as server:
        found = OpenAIModel(server.url, "teacher", deadline=0.2).complete(chats("a"))[0]
        assert (found.cause, server.served) == ("timeout", {"drip": 1})
    assert "the answer was not whole after" in found.failure


def test_an_error_inside_a_good_reply_is_an_error():
    class Gateway(FaultServer):
        def reply(self, path, body, kind):
            return 200, {"error": {"message": "upstream is busy", "code": 429}}

    with Gateway() as server:
        found = model(server).complete(chats("a"))[0]
    assert (found.cause, found.failure) == ("rate_limit", "HTTP 429: upstream is busy (3 tries)")


def test_a_question_that_a_server_withholds_is_filtered():
    class Careful(FaultServer):
        def reply(self, path, body, kind):
            return 400, {"error": {"message": "The prompt triggered our policy.", "code": "content_filter"}}

    with Careful() as server:
        assert model(server).complete(chats("a")) == [Completion("", (), "filtered")]


def test_an_account_without_credit_is_told_at_once():
    class Poor(FaultServer):
        def reply(self, path, body, kind):
            return 429, {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}

    with Poor() as server, pytest.raises(UserError, match="no credit left: top it up and resume"):
        model(server).complete(chats("a"))


def test_what_is_under_way_is_handed_over_before_what_ends_the_run():
    def work(job, halt):
        if job == 0:
            raise UserError("no credit left")
        halt.wait()
        return job

    found = []
    with pytest.raises(UserError, match="no credit left"):
        found.extend(crowd(work, iter(range(9)), 3, lambda: False))
    assert sorted(found) == [1, 2]


def test_an_address_that_is_no_server_of_models_is_told():
    with FaultServer() as server, pytest.raises(UserError, match="does the url .* end as in .../v1"):
        OpenAIModel(server.url.removesuffix("/v1"), "teacher").complete(chats("a"))


class Vllm(FaultServer):
    """Tells what vLLM tells; a character is a token, and its log-probability is minus its place in the prompt."""

    def __init__(self, **settings):
        super().__init__(owner="vllm", **settings)

    def reply(self, path, body, kind):
        if path == "/tokenize":
            text = body["prompt"] if "prompt" in body else self.rendered(body)
            return 200, {"tokens": [ord(one) for one in text], "token_strs": list(text.replace(" ", "▁"))}
        if path == "/detokenize":
            return 200, {"prompt": "".join(map(chr, body["tokens"]))}
        if "prompt_logprobs" in body:
            told = [None, *({str(one): {"logprob": -float(place)}} for place, one in enumerate(body["prompt"][1:], 1))]
            return 200, {"choices": [{"text": "x", "finish_reason": "length", "prompt_logprobs": told}]}
        return super().reply(path, body, kind)

    def rendered(self, body):
        thinking = body.get("chat_template_kwargs", {}).get("enable_thinking", True)
        return f"<u>{body['messages'][-1]['content']}<a>" + ("" if thinking else "<think>\n\n</think>\n\n")


def test_a_beginning_follows_the_rendered_chat_and_doubles_no_think_block():
    with Vllm() as server:
        requests = [Request(ask("q"), prefix=prefix) for prefix in ("<think>\nSo", "<think>\n\n</think>\n\nSo")]
        found = model(server).complete([*requests, *chats("q")])
        assert [one.text for one in found] == [
            "re: <u>q<a><think>\nSo", "re: <u>q<a><think>\n\n</think>\n\nSo", "re: q",
        ]  # fmt: skip
        assert [body["add_special_tokens"] for body in server.asked if "top_k" in body and "prompt" in body] == [
            False
        ] * 2


def test_texts_are_scored_after_their_prompt():
    with Vllm() as server:
        scored = model(server).score([*chats("q"), Request("p")], ["é b", "yz"])
    assert scored == [[(1, -7.0), (2, -8.0), (3, -9.0)], [(1, -1.0), (2, -2.0)]]


def test_a_text_too_long_to_score_has_no_scores_and_others_do():
    class Short(Vllm):
        def reply(self, path, body, kind):
            if len(body.get("prompt", "")) > 20:
                return super().reply(path, body, "too_long") if "prompt_logprobs" not in body else (400, LONG)
            return super().reply(path, body, kind)

    LONG = {"error": {"message": "This model's maximum context length is 20 tokens."}}
    with Short() as server:
        assert model(server).score([Request("p")] * 2, ["a" * 30, "b"]) == [[], [(1, -1.0)]]


def test_scores_that_cannot_be_had_stop_the_run_and_are_not_kept():
    class Broken(Vllm):
        def reply(self, path, body, kind):
            return (500, {"error": "out of memory"}) if "prompt_logprobs" in body else super().reply(path, body, kind)

    with Broken() as server:
        with pytest.raises(UserError, match=r"server_error: HTTP 500: out of memory \(3 tries\).*resume"):
            model(server).score([Request("p")], ["a"])
        with pytest.raises(UserError, match="only after a prompt"):
            model(server).score([Request("")], ["a"])
