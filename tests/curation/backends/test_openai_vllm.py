"""What only vLLM tells: rendered chats, tokens, and how likely a given text is."""

import pytest

from curation.errors import UserError
from curation.models import Request, ask
from tests.asking import chats, model
from tests.faults import FaultServer


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
