import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from curation.backends.server_errors import Reply, failure_of, too_long


def reply(status, body, **headers):
    return Reply(status, headers, json.dumps(body).encode(), "http://host/v1/chat/completions")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"message": "so"}}, "HTTP 400: so"),
        ({"error": "so"}, "HTTP 400: so"),
        ({"detail": "so"}, "HTTP 400: so"),
        ({"message": "so\n it is"}, "HTTP 400: so it is"),
        ("so", "HTTP 400: so"),
    ],
)
def test_the_servers_words_are_found_wherever_they_are(body, reason):
    failed = failure_of(reply(400, body))
    assert (failed.cause, failed.reason, failed.again) == ("bad_request", reason, False)


def test_words_that_are_no_json_are_shown_too():
    failed = failure_of(Reply(502, {}, b"<html>Bad\n gateway</html>", ""))
    assert (failed.cause, failed.reason, failed.again) == ("server_error", "HTTP 502: <html>Bad gateway</html>", True)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("This model's maximum context length is 8192 tokens. You requested 9000 tokens (8800 in the messages, "
         "200 in the completion).", "the prompt's 8800 tokens exceed the model's limit of 8192 tokens"),
        ("This model's maximum context length is 64 tokens. However, your prompt contains at least 50 input tokens",
         "the prompt's 50 tokens and the answer exceed the model's limit of 64 tokens: lower max_new_tokens"),
        ("max_tokens=500 cannot be greater than max_model_len=64.",
         "prompt and answer exceed the model's limit of 64 tokens: lower max_new_tokens"),
        ("the request exceeds the available context size", "prompt and answer exceed the model's limit: lower"),
    ],
)  # fmt: skip
def test_a_prompt_that_is_too_long_is_explained_with_the_servers_numbers(words, numbers):
    assert failure_of(reply(400, {"error": {"message": words}})).cause == "context_length"
    assert numbers in too_long(words)


def test_a_wait_is_read_as_seconds_or_as_a_date():
    assert failure_of(reply(429, {}, **{"retry-after": "2.5"})).after == 2.5
    assert failure_of(reply(503, {}, **{"retry-after": "soon"})).after == 0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90))
    assert 80 < failure_of(reply(429, {}, **{"retry-after": later})).after <= 90
