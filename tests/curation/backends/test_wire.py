import pytest

from curation.backends.wire import Unreadable, body, path_of, read, shared
from curation.models import Completion, Request, ask

CHAT = ask("a")


def answer(*choices, **usage):
    return {"choices": list(choices), "usage": usage}


def test_a_request_says_all_that_it_asks():
    request = Request(CHAT, 9, 0.5, 7, 0.9, "So", ("\n",), '{"type": "object"}', True)
    assert path_of(request) == "/chat/completions"
    assert body("m", request, 3) == {
        "model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": 7, "n": 3, "stop": ["\n"],
        "response_format": {
            "type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True}
        },
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "So"}],
        "add_generation_prompt": False, "continue_final_message": True, "logprobs": True,
    }  # fmt: skip


def test_a_greedy_request_says_little_and_vllm_is_told_what_it_would_fill_in():
    plain = {"model": "m", "max_tokens": 9, "temperature": 0.0}
    assert body("m", Request("a", 9, prefix="b")) == {**plain, "prompt": "ab"}
    assert body("m", Request("a", 9, log_probs=True), vllm=True) == {
        **plain, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True, "top_p": 1.0,
        "prompt": "a", "add_special_tokens": False, "logprobs": 1,
    }  # fmt: skip


def test_all_that_an_answer_tells_is_read():
    choice = {
        "message": {"content": "b", "reasoning": "why"}, "finish_reason": "stop", "stop_reason": "\n",
        "token_ids": [5, 6], "logprobs": {"content": [{"logprob": -0.5}, {"logprob": -1}]},
    }  # fmt: skip
    found = read(answer(choice, prompt_tokens=3, completion_tokens=2), Request(CHAT, stop=("\n",), log_probs=True))
    assert found == [Completion("b", (5, 6), "stop", 3, "\n", "why", None, (-0.5, -1.0))]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"text": "b"}, Completion("b", (), "stop")),
        ({"text": "b", "finish_reason": "tool_calls"}, Completion("b", (), "stop")),
        ({"text": "b", "finish_reason": "MAX_TOKENS"}, Completion("b", (), "length")),
        ({"text": "b", "finish_reason": "SAFETY"}, Completion("b", (), "filtered")),
        ({"text": "b\nc"}, Completion("b", (), "stop", stopped="\n")),
        ({"message": {"content": None, "reasoning_content": "w"}}, Completion("", (), "stop", reasoning="w")),
        ({"message": {"content": [{"type": "text", "text": "b"}]}}, Completion("b", (), "stop")),
        ({"message": {"content": "b\ud83d", "reasoning": "w\ud83d"}}, Completion("b?", (), "stop", reasoning="w?")),
        ({"message": {"content": None, "refusal": "No."}}, Completion("No.", (), "filtered")),
        ({"text": "b", "logprobs": {"token_logprobs": [-2]}}, Completion("b", (), "stop", log_probs=(-2.0,))),
        ({"text": "b", "logprobs": None}, Completion("b", (), "stop")),
    ],
)
def test_endings_and_texts_are_told_apart(choice, expected):
    assert read(answer(choice), Request("a", stop=("\n",), log_probs=True)) == [expected]


@pytest.mark.parametrize(
    "broken",
    [
        None, [], {}, {"choices": None}, answer(), answer("b"), answer({}), answer({"message": None}),
        answer({"message": {"content": 3}}), answer({"text": "b", "finish_reason": "error"}),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_unreadable(broken):
    with pytest.raises(Unreadable):
        read(broken, Request("a"))


def test_a_count_is_shared_out_exactly():
    assert shared(None, [1, 2]) == [None, None]
    assert shared(10, [3, 5]) == [4, 6]
    assert shared(7, [0, 0, 0]) == [2, 2, 3]
