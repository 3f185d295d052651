"""A model behind an OpenAI-compatible server: vLLM's first of all, or any other.

Requests in flight are bounded and follow what the server bears; a try that fails is repeated while its deadline
lasts; what stays without an answer is a failed completion, and what no request can escape is a UserError.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

from curation.backends.pace import Gate, Rate, backoff
from curation.backends.pieces import stops
from curation.backends.server import Server
from curation.backends.server_errors import Failed
from curation.backends.wire import OTHER_LIMIT, Unreadable, body, path_of, read, read_prompt
from curation.errors import UserError
from curation.models import CLOSE, OPEN, Completion, Done, Request, TokenScore, begun, in_order

POLL = 0.2  # seconds between looks at whether to stop
DOWN = 20  # requests in a row that could not connect; ours
CHARACTERS = 4  # in a token, roughly: only to keep below tokens per minute
T = TypeVar("T")
Out = TypeVar("Out")
Answers = list[tuple[int, Completion]]


def never() -> bool:
    """Nobody asks to stop."""
    return False


class Call(NamedTuple):
    """Requests that go out together, equal but for consecutive seeds: the first one, and the places of all."""

    request: Request
    places: tuple[int, ...]

    @property
    def size(self) -> float:
        """Tokens it may cost, roughly."""
        prompt = self.request.prompt
        text = prompt if isinstance(prompt, str) else "".join(message["content"] for message in prompt)
        return len(text + self.request.prefix) / CHARACTERS + self.request.max_new_tokens * len(self.places)


class Halted(Exception):
    """Raised between tries once a stream was told to stop."""


class OpenAIModel:
    """A model that the server at `url`, ending as in .../v1, knows under the name `model`."""

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
        wait: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The deadline, in seconds, is for all tries of a request; `wait` sleeps, where something else is to."""
        self.server = Server(url, model, key, key_variable, concurrency + 1, clock)
        self.concurrency, self.deadline, self.retries = concurrency, deadline, retries
        self.answers_per_call, self.stopping, self.wait, self.clock = answers_per_call, stopping, wait, clock
        self.gate, self.limit, self.vllm = Gate(concurrency), "max_tokens", False
        self.requests, self.tokens = Rate(requests_per_minute, clock), Rate(tokens_per_minute, clock)

    def models(self) -> list[str]:
        """The names of the server's models; UserError within seconds when it cannot be asked."""
        return self.server.models()

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end; fewer where it was told to stop."""
        self.vllm = bool(requests) and self.server.is_vllm()
        calls = grouped(requests, self.answers_per_call)
        for answers in crowd(self._answer, calls, self.concurrency, self.stopping):
            yield from answers

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, after the request's prompt and prefix; nothing of too long a text."""
        if texts and not self.server.is_vllm():
            raise UserError(
                f"The server {self.server.url} does not tell how likely a given text is; use a vLLM server or a "
                "transformers connection for this step."
            )
        pairs = enumerate(zip(requests, texts, strict=True))
        found = dict(crowd(self._scored, pairs, self.concurrency, never))
        return [found[place] for place in range(len(texts))]

    def _answer(self, call: Call, halt: threading.Event) -> Answers:
        """The answers of a call; those a server left out are asked for one by one."""
        try:
            found = self._tried(partial(self._ask, call), call.size, halt)
        except Halted:
            return []
        except Failed as failed:
            lost = Completion("", (), "failed", cause=failed.cause, failure=failed.reason)
            if failed.withheld:
                lost = Completion("", (), "filtered")
            return [(place, lost) for place in call.places]
        answers = list(zip(call.places, found, strict=False))
        for further in range(len(found), len(call.places)):
            self.answers_per_call = 1
            single = replace(call.request, seed=call.request.seed + further)
            answers += self._answer(Call(single, (call.places[further],)), halt)
        return answers

    def _scored(self, job: tuple[int, tuple[Request, str]], halt: threading.Event) -> tuple[int, list[TokenScore]]:
        place, (request, text) = job
        try:
            return place, self._tried(partial(self._score, request, text), len(text) / CHARACTERS, halt)
        except Failed as failed:
            if failed.cause == "context_length":
                return place, []
            raise UserError(
                f"The server {self.server.url} could not tell how likely a text is ({failed.cause}: {failed.reason}); "
                "resume once it can: finished calls are kept."
            ) from None

    def _tried(self, ask: Callable[[float], T], size: float, halt: threading.Event) -> T:
        """What asking brings before the deadline; Failed with the last try's reason, Halted between tries."""
        end, tried = 0.0, 0
        while True:
            self._pause(max(self.requests.delay(1), self.tokens.delay(size)), halt)
            end = end or self.clock() + self.deadline
            with self.gate.slot() as given:
                if halt.is_set():
                    raise Halted
                try:
                    found = ask(end)
                    self.gate.fine()
                    return found
                except Failed as error:
                    failed = error
            busy = failed.cause == "rate_limit"
            if busy:
                self.gate.busy(given)
            pause, tried = failed.after + backoff(tried, busy), tried + 1
            if not failed.again or tried > self.retries or self.clock() + pause > end:
                raise self._given_up(failed, tried)
            self._pause(pause, halt)

    def _pause(self, seconds: float, halt: threading.Event) -> None:
        if seconds > 0 and not halt.is_set():
            (self.wait or halt.wait)(seconds)

    def _given_up(self, failed: Failed, tries: int) -> Exception:
        if failed.refused and (self.server.count_refused() >= DOWN or not self.server.reached):
            return UserError(
                f"The server at {self.server.url} is down ({failed.reason}); start it and resume: finished calls are "
                "kept."
            )
        return replace(failed, reason=failed.reason if tries == 1 else f"{failed.reason} ({tries} tries)")

    def _ask(self, call: Call, end: float) -> list[Completion]:
        """One try of a call."""
        request = self._begun(call.request, end) if self.vllm and call.request.prefix else call.request
        values = body(self.server.model, request, len(call.places), self.vllm, self.limit)
        try:
            found = read(self.server.post(path_of(request), values, end), request)
        except Unreadable as error:
            raise Failed("bad_response", f"the answer is not what it should be: {error}") from None
        except Failed as failed:
            if failed.cause != "bad_request" or OTHER_LIMIT not in failed.reason or self.limit == OTHER_LIMIT:
                raise
            self.limit = OTHER_LIMIT
            return self._ask(call, end)
        self.tokens.delay(sum(one.n_tokens + (one.n_prompt_tokens or 0) for one in found) - call.size)
        return found

    def _begun(self, request: Request, end: float) -> Request:
        """A chat with the answer's beginning as the text the model reads, so that a think block is not doubled."""
        if isinstance(request.prompt, str):
            return request
        block, closed, _ = request.prefix.partition(CLOSE)
        rendered = self.server.render(request.prompt, not (closed and block.strip() == OPEN), end)
        return replace(request, prompt=begun(rendered, request.prefix), prefix="")

    def _score(self, request: Request, text: str, end: float) -> list[TokenScore]:
        """One try; prompt and text are taken apart into tokens each for itself, as on this machine."""
        prompt = self._begun(request, end)
        assert isinstance(prompt.prompt, str)
        (before, _), (ids, tokens) = (self.server.tokens(one, end) for one in (prompt.prompt + prompt.prefix, text))
        if not before:
            raise UserError(
                "A server tells how likely a text is only after a prompt; give it one of at least a token."
            )
        places = stops(text, tokens)
        if places is None:
            raise Failed("bad_response", "the server's tokens do not make up the text", again=False)
        values = {"model": self.server.model, "prompt": [*before, *ids], "max_tokens": 1, "prompt_logprobs": 0}
        try:
            found = read_prompt(self.server.post("/completions", values, end), ids)
        except Unreadable as error:
            raise Failed("bad_response", f"the answer is not what it should be: {error}") from None
        return [TokenScore(stop, value) for stop, value in zip(places, found, strict=True)]


def crowd(
    work: Callable[[T, threading.Event], Out], jobs: Iterator[T], most: int, stopping: Callable[[], bool]
) -> Iterator[Out]:
    """What work makes of jobs, so many at a time, in the order in which they end.

    Once told to stop, or once a job raises, no further job begins and those under way, which may be paid for, are
    handed over first. When the consumer goes away they end by themselves, and the event tells them to try no more.
    """
    halt, pool, running = threading.Event(), ThreadPoolExecutor(most), set[Future[Out]]()
    broken: BaseException | None = None
    try:
        while True:
            if broken or stopping():
                halt.set()
            if not halt.is_set():
                running |= {pool.submit(work, job, halt) for job in islice(jobs, most - len(running))}
            if not running:
                break
            ended, running = wait(running, POLL, FIRST_COMPLETED)
            broken = broken or next((error for one in ended if (error := one.exception())), None)
            yield from (one.result() for one in ended if one.exception() is None)
    finally:
        halt.set()
        pool.shutdown(wait=False, cancel_futures=True)
    if broken:
        raise broken


def grouped(requests: Sequence[Request], most: int) -> Iterator[Call]:
    """Requests one by one, or up to so many in one call that are sampled and equal but for consecutive seeds."""
    alike: dict[str, list[tuple[int, int]]] = {}
    for place, request in enumerate(requests):
        alone = most == 1 or request.temperature == 0
        alike.setdefault(str(place) if alone else repr(replace(request, seed=0)), []).append((request.seed, place))
    for samples in alike.values():
        for run in _runs(sorted(samples), most):
            yield Call(requests[run[0][1]], tuple(place for _, place in run))


def _runs(samples: Sequence[tuple[int, int]], most: int) -> Iterator[list[tuple[int, int]]]:
    """Samples in runs of consecutive seeds, none longer than `most`."""
    run: list[tuple[int, int]] = []
    for sample in samples:
        if run and (len(run) == most or sample[0] != run[-1][0] + 1):
            yield run
            run = []
        run.append(sample)
    yield run
