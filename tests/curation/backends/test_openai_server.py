"""The backend for OpenAI-compatible servers, against a server that misbehaves as told: what comes of one request."""

import logging

import pytest

from curation.backends.openai_server import OpenAIModel
from curation.errors import UserError
from curation.models import Completion, Request, ask
from tests.asking import chats, model
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


def test_a_wrong_key_is_told_by_its_variable_and_never_shown(caplog):
    with FaultServer(key="right") as server, caplog.at_level(logging.DEBUG):
        asked = OpenAIModel(server.url, "teacher", "secret-7f3a", key_variable="TEACHER_KEY")
        with pytest.raises(UserError, match=r"refuses the key \(HTTP 401\).*TEACHER_KEY") as told:
            asked.complete(chats("a"))
        assert OpenAIModel(server.url, "teacher", "right").complete(chats("a"))[0].text == "re: a"
    assert "secret-7f3a" not in str(told.value) + caplog.text


@pytest.mark.parametrize("status", [400, 200])
def test_a_server_that_repeats_the_key_does_not_spread_it(status):
    class Talker(FaultServer):
        def reply(self, path, body, kind):
            return status, {"error": {"message": "odd request with Bearer secret-7f3a", "code": 400}}

    with Talker() as server:
        found = OpenAIModel(server.url, "teacher", "secret-7f3a").complete(chats("a"))[0]
    assert found.failure == "HTTP 400: odd request with Bearer [key]"


def test_a_wait_longer_than_the_deadline_is_not_waited_for():
    with FaultServer({"busy_later": 1.0}) as server:
        asked = model(server, deadline=1.0)
        found = asked.complete(chats("a"))[0]
        assert (found.failure, asked.wait.seconds) == ("HTTP 429: too many requests (it asks to wait 2 s)", [])


def test_a_key_that_no_header_can_hold_is_told_and_not_shown():
    assert OpenAIModel("http://127.0.0.1:9/v1", "teacher", "right\n").server._key == "right"
    for key in ("one\ntwo", "clé"):
        with pytest.raises(UserError, match="What the environment variable KEY holds cannot be a key") as told:
            OpenAIModel("http://127.0.0.1:9/v1", "teacher", key, key_variable="KEY")
        assert key not in str(told.value)


def test_a_text_with_half_a_character_fails_alone_or_not_at_all():
    with FaultServer(answer=lambda body: "fine") as server:
        assert [one.text for one in model(server).complete(chats("a\ud83d", "b"))] == ["fine", "fine"]


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


def test_an_address_that_is_no_server_of_models_is_told():
    with FaultServer() as server, pytest.raises(UserError, match="does the url .* end as in .../v1"):
        OpenAIModel(server.url.removesuffix("/v1"), "teacher").complete(chats("a"))
