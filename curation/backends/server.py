"""One try of anything an OpenAI-compatible server can be asked; Failed where it brings nothing.

vLLM tells and takes more than others: token ids, its tokenizer, log-probabilities of a prompt.
"""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from curation.backends.server_errors import Failed, Reply, failure_of, refuse, words_of
from curation.errors import UserError
from curation.models import Message

if TYPE_CHECKING:
    import httpx

LOOK = 3.0  # seconds for the list of models
CONNECT = 10.0  # seconds for a connection; ours
LARGEST = 1 << 28  # bytes of an answer; ours: log-probabilities of a long prompt take megabytes
LOCAL = ("localhost", "127.0.0.1", "::1")
CHATS = 4096  # rendered chats remembered
SWITCH = "enable_thinking"  # what Qwen's and others' chat templates call it


class Server:
    """The server at `url`, ending as in .../v1, that knows a model under the name `model`."""

    def __init__(
        self, url: str, model: str, key: str, key_variable: str, connections: int, clock: Callable[[], float]
    ) -> None:
        """Nothing is asked yet; `key_variable` names the key in errors."""
        self.url, self.model, self.key_variable, self.clock = url.rstrip("/"), model, key_variable, clock
        self.reached = False
        self.refused = 0  # requests in a row that could not connect
        self._key = _usable(key.strip(), key_variable)
        self._client = _client(self.url, self._key, connections)
        self._vllm: bool | None = None
        self._lock, self._chats = threading.Lock(), dict[tuple[Any, ...], str]()

    def models(self) -> list[str]:
        """The names of the server's models; UserError within seconds when it cannot be asked."""
        try:
            return [str(card["id"]) for card in self._cards()]
        except Failed as failed:
            raise UserError(f"The server {self.url} tells no models: {failed.reason}. Is it started?") from None

    def is_vllm(self) -> bool:
        """Whether the server is vLLM; asked until it has said so."""
        if self._vllm is None:
            try:
                self._vllm = any(card.get("owned_by") == "vllm" for card in self._cards())
            except Failed as failed:
                self._vllm = None if failed.again else False
        return bool(self._vllm)

    def post(self, path: str, values: dict[str, Any], end: float) -> Any:  # noqa: ANN401  (JSON)
        """The JSON of an answer that came before the clock says `end`."""
        place = self.url.removesuffix("/v1") + path if path in ("/tokenize", "/detokenize") else self.url + path
        reply = self._send("POST", place, values, end, CONNECT)
        with self._lock:
            self.reached, self.refused = True, 0
        found = _json(reply) if reply.status == 200 else None
        if isinstance(found, dict) and found.get("error"):  # some gateways put the provider's error into a 200
            told = found["error"].get("code") if isinstance(found["error"], dict) else None
            status = told if isinstance(told, int) and told >= 400 else 500
            reply = reply._replace(status=status, content=self._without_key(reply.content))
        if reply.status != 200:
            refuse(reply, self.url, self.model, self.key_variable, self._names)
            raise failure_of(reply)
        return found

    def tokens(self, text: str, end: float) -> tuple[list[int], list[str]]:
        """A text's token ids, and the tokens as the vocabulary writes them; no special tokens are added."""
        values = {"prompt": text, "add_special_tokens": False, "return_token_strs": True}
        found = self.post("/tokenize", {"model": self.model, **values}, end)
        return found["tokens"], found["token_strs"]

    def render(self, messages: Sequence[Message], thinking: bool, end: float) -> str:
        """The text the model reads of a chat; without thinking where its template can leave that out."""
        key = (thinking, *(tuple(sorted(message.items())) for message in messages))
        if key not in self._chats:
            switches = {} if thinking else {"chat_template_kwargs": {SWITCH: False}}
            values = {"model": self.model, "messages": [dict(message) for message in messages], **switches}
            ids = self.post("/tokenize", values, end)["tokens"]
            text = self.post("/detokenize", {"model": self.model, "tokens": ids}, end)["prompt"]
            with self._lock:
                if len(self._chats) >= CHATS:
                    self._chats.clear()
                self._chats[key] = text
            return str(text)
        return self._chats[key]

    def count_refused(self) -> int:
        """One more request in a row that could not connect."""
        with self._lock:
            self.refused += 1
            return self.refused

    def _names(self) -> list[str]:
        try:
            return [str(card["id"]) for card in self._cards()]
        except (Failed, UserError):
            return []

    def _cards(self) -> list[dict[str, Any]]:
        half = LOOK / 2  # to connect, and to answer
        reply = self._send("GET", f"{self.url}/models", None, self.clock() + half, half)
        if reply.status in (401, 403):
            refuse(reply, self.url, self.model, self.key_variable, list)
        if reply.status != 200:
            raise failure_of(reply)
        found = _json(reply)
        cards = found.get("data") if isinstance(found, dict) else None
        return [card for card in cards or () if isinstance(card, dict) and "id" in card]

    def _send(self, method: str, url: str, values: dict[str, Any] | None, end: float, connect: float) -> Reply:
        """A whole reply; the body gets what time the head has left, however slowly it drips."""
        import httpx

        left = max(0.001, end - self.clock())
        timeout = httpx.Timeout(left, connect=min(left, connect))
        try:
            content = None if values is None else json.dumps(values)  # in ASCII: a text may hold half a character
            with self._client.stream(method, url, content=content, timeout=timeout) as response:
                response.request.extensions["timeout"]["read"] = max(0.001, end - self.clock())
                body = bytearray()
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise Failed("bad_response", f"the answer is larger than {LARGEST >> 20} MB")
                    if self.clock() > end:
                        raise Failed("timeout", f"the answer was not whole after {len(body)} bytes")
                shown = bytes(body) if response.status_code == 200 else self._without_key(body)
                return Reply(response.status_code, dict(response.headers), shown, url)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Failed("connection", words_of(error), refused=True) from None
        except httpx.TimeoutException as error:
            raise Failed("timeout", words_of(error)) from None
        except httpx.HTTPError as error:
            raise Failed("connection", words_of(error)) from None

    def _without_key(self, body: bytes | bytearray) -> bytes:
        """A server's words about an error, which may repeat the key."""
        return bytes(body).replace(self._key.encode(), b"[key]") if self._key else bytes(body)


def _json(reply: Reply) -> Any:  # noqa: ANN401
    try:
        return json.loads(reply.content)
    except ValueError:
        raise Failed("bad_response", f"the answer is no JSON: {reply.text[:80]!r}") from None


def _usable(key: str, variable: str) -> str:
    """The key; UserError, without showing it, where no header can hold it."""
    if not (key.isascii() and key.isprintable()):
        name = f"the environment variable {variable}" if variable else "the key"
        raise UserError(f"What {name} holds cannot be a key: it has characters other than plain ones in one line.")
    return key


def _client(url: str, key: str, connections: int) -> "httpx.Client":
    """A client with the key; a proxy that the environment names is for other machines."""
    import httpx

    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request would be the whole log
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    try:
        local = httpx.URL(url).host in LOCAL
    except httpx.InvalidURL as error:
        raise UserError(f"'{url}' is no URL: {error}. Give one such as http://127.0.0.1:8000/v1.") from None
    return httpx.Client(headers=headers, limits=limits, trust_env=not local)
