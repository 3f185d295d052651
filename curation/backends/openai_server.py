"""A model behind an OpenAI-compatible server: vLLM's first of all, or any other.

Requests in flight are bounded and follow what the server bears; a try that fails is repeated while its deadline
lasts; what stays without an answer is a failed completion, and what no request can escape is a UserError.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from curation.backends.pace import Gate, Rate, backoff
from curation.backends.server_errors import Failed, failure_of, refuse
from curation.backends.wire import Unreadable, body, path_of, read
from curation.errors import UserError
from curation.models import Completion, Done, Request, TokenScore, in_order

if TYPE_CHECKING:
    import httpx

POLL = 0.2  # seconds between looks at whether to stop
DOWN = 20  # requests in a row that could not connect; ours
LOOK = 3.0  # seconds for the list of models
LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
CHARACTERS = 4  # a token, roughly: only to keep below tokens per minute


def never() -> bool:
    """Nobody asks to stop."""
    return False


class Call(NamedTuple):
    """Requests that go out together, equal but for their seeds, and their places."""

    places: tuple[int, ...]
    request: Request


class OpenAIModel:
    """A model that a server at `url` (ending as in .../v1) knows under the name `model`."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        *,
        concurrency: int = 32,
        deadline: float = 600.0,
        retries: int = 6,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        answers_per_call: int = 1,
        stopping: Callable[[], bool] = never,
        key_variable: str = "",
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The deadline, in seconds, is for all tries of a request; `key_variable` names the key in errors."""
        self.url, self.model, self.concurrency, self.deadline = url.rstrip("/"), model, concurrency, deadline
        self.retries, self.answers_per_call, self.stopping = retries, answers_per_call, stopping
        self.key_variable, self.wait, self.clock = key_variable, wait, clock
        self.gate = Gate(concurrency)
        self.requests, self.tokens = Rate(requests_per_minute, clock), Rate(tokens_per_minute, clock)
        self.limit = "max_tokens"
        self._client = _client(self.url, key, concurrency)
        self._vllm: bool | None = None
        self._lock, self._refused, self._reached = threading.Lock(), 0, False

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end; fewer where it was told to stop."""
        if requests:
            self._look()
        calls, halt = grouped(requests, self.answers_per_call), threading.Event()
        pool, running = ThreadPoolExecutor(self.concurrency), set[Future[list[tuple[int, Completion]]]]()
        try:
            while True:
                if self.stopping():
                    halt.set()
                if not halt.is_set():
                    free = self.concurrency - len(running)
                    running |= {pool.submit(self._answer, call, halt) for call in islice(calls, free)}
                if not running:
                    return
                ended, running = wait(running, POLL, FIRST_COMPLETED)
                for one in ended:
                    yield from one.result()
        finally:
            halt.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        raise UserError(f"The server {self.url} cannot score texts yet; use a transformers connection for it.")

    def models(self) -> list[str]:
        """The names of the server's models; UserError within seconds when it cannot be asked."""
        return [str(card["id"]) for card in self._cards()]

    def _look(self) -> None:
        """Find out once whether the server is vLLM, which tells and takes more than others."""
        if self._vllm is None:
            try:
                self._vllm = any(card.get("owned_by") == "vllm" for card in self._cards())
            except Failed:
                self._vllm = None  # a server that is not up yet is looked at again

    def _cards(self) -> list[dict[str, Any]]:
        import httpx

        try:
            response = self._client.get(f"{self.url}/models", timeout=LOOK)
        except httpx.HTTPError as error:
            raise _lost(error) from None
        if response.status_code in (401, 403):
            refuse(response, self.url, self.model, self.key_variable, ())
        try:
            return list(response.json()["data"])
        except (ValueError, KeyError, TypeError):
            return []

    def _answer(self, call: Call, halt: threading.Event) -> list[tuple[int, Completion]]:
        """The answers of a call, tried until it has one, it cannot have one, or time is up; none when halted."""
        end, failed = 0.0, None
        for tried in range(self.retries + 1):
            self.wait(self._due(call))
            end = end or self.clock() + self.deadline
            with self.gate.slot() as given:
                if halt.is_set():
                    return []
                try:
                    return self._ask(call, end)
                except Failed as error:
                    failed = error
            if failed.cause == "rate_limit":
                self.gate.busy(given)
            pause = failed.after + backoff(tried, failed.cause == "rate_limit")
            if not failed.again or self.clock() + pause > end:
                break
            if tried < self.retries:
                self.wait(pause)
        assert failed is not None
        return self._given_up(call, failed, tried + 1)

    def _given_up(self, call: Call, failed: Failed, tries: int) -> list[tuple[int, Completion]]:
        with self._lock:
            self._refused = self._refused + 1 if failed.refused else 0
            down = failed.refused and (not self._reached or self._refused >= DOWN)
        if down:
            raise UserError(f"The server at {self.url} is down; start it and resume: finished calls are kept.")
        words = failed.reason if tries == 1 else f"{failed.reason} ({tries} tries)"
        lost = Completion("", (), "failed", cause=failed.cause, failure=words)
        return [(place, lost) for place in call.places]

    def _due(self, call: Call) -> float:
        """Seconds to wait for requests and tokens per minute."""
        return max(self.requests.delay(1), self.tokens.delay(_size(call)))

    def _ask(self, call: Call, end: float) -> list[tuple[int, Completion]]:
        """One try."""
        request, n = call.request, len(call.places)
        answer = self._post(path_of(request), body(self.model, request, n, bool(self._vllm), self.limit), end)
        try:
            found = read(answer, request)
        except Unreadable as error:
            raise Failed("bad_response", f"the answer is not what it should be: {error}") from None
        self.gate.fine()
        self.tokens.delay(sum(one.n_tokens for one in found) + (found[0].n_prompt_tokens or 0) - _size(call))
        return list(zip(call.places, found, strict=False))

    def _post(self, path: str, values: dict[str, Any], end: float) -> object:
        """The JSON of a server's answer; Failed where there is none."""
        import httpx

        try:
            response = self._client.post(self.url + path, json=values, timeout=max(0.001, end - self.clock()))
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _lost(error) from None
        with self._lock:
            self._reached, self._refused = True, 0
        if response.status_code != 200:
            known = self.models() if response.status_code == 404 else []
            refuse(response, self.url, self.model, self.key_variable, known)
            raise failure_of(response)
        try:
            return json.loads(response.content)
        except ValueError:
            raise Failed("bad_response", f"the answer is no JSON: {response.text[:80]!r}") from None


def grouped(requests: Sequence[Request], most: int) -> Iterator[Call]:
    """Requests one by one, or up to so many that are equal but for consecutive seeds."""
    for place, request in enumerate(requests):
        yield Call((place,), request)


def _size(call: Call) -> float:
    """Tokens a call may cost, roughly."""
    prompt = call.request.prompt
    text = prompt if isinstance(prompt, str) else "".join(message["content"] for message in prompt)
    return len(text + call.request.prefix) / CHARACTERS + call.request.max_new_tokens * len(call.places)


def _lost(error: Exception) -> Failed:
    """The failure of a request that brought no response."""
    import httpx

    words = f"{type(error).__name__}: {error}"
    if isinstance(error, httpx.TimeoutException):
        return Failed("timeout", words)
    return Failed("connection", words, refused=isinstance(error, httpx.ConnectError))


def _client(url: str, key: str, concurrency: int) -> "httpx.Client":
    """A client with the key; a proxy named in the environment is for other machines."""
    import httpx

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=concurrency + 1, max_keepalive_connections=concurrency + 1)
    try:
        local = httpx.URL(url).host in LOCAL
        return httpx.Client(headers=headers, limits=limits, trust_env=not local)
    except httpx.InvalidURL as error:
        raise UserError(f"'{url}' is no URL: {error}. Give one such as http://127.0.0.1:8000/v1.") from None
