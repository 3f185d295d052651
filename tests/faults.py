"""An OpenAI-compatible server that misbehaves as told: a share of its replies, chosen by a seed, goes wrong.

What happens to a request depends on its text and on how often it came, never on the order in which threads run.
"""

import json
import os
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]
Answer = Callable[[Json], str]
AT_ONCE = struct.pack("ii", 1, 0)  # linger for no time: the peer sees a reset
ENDLESS = 1_000_000  # bytes that a dripping reply announces
NO_KEY: tuple[int, Json] = (401, {"error": {"message": "no key"}})
STATUSES = {
    "busy": (429, "too many requests"), "busy_later": (429, "too many requests"), "error": (500, "broken"),
    "down_for_now": (503, "starting"), "request_timeout": (408, "too slow"), "conflict": (409, "try again"),
    "bad_request": (400, "temperature must be below 2"),
    "too_long": (400, "This model's maximum context length is 64 tokens. Your prompt contains 70 input tokens."),
}  # fmt: skip
OTHERS = (
    "latency", "slow", "drip", "reset", "half", "malformed", "no_choices", "empty", "length", "refusal", "filtered",
)  # fmt: skip


def question(body: Json) -> str:
    """The text a request ends in."""
    return body["prompt"] if "prompt" in body else body["messages"][-1]["content"]


def echo(body: Json) -> str:
    """An answer that tells which request it is for."""
    return f"re: {question(body)}"


class Listener(ThreadingHTTPServer):
    """Listens for a fault server."""

    daemon_threads = True
    request_queue_size = 128  # of its own it lets five wait, and resets who comes besides
    faults: "FaultServer"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, to break it off at the end."""
        self.faults.connections.append(request)
        super().process_request(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Serve the list of models, which never fails but for the key."""
        faults = self.server.faults
        cards = [{"id": name, "owned_by": faults.owner} for name in faults.models]
        self.send(*((200, {"data": cards}) if self.known() else NO_KEY))

    def do_POST(self) -> None:
        """Serve a completion, or what happens instead."""
        body, faults = json.loads(self.rfile.read(int(self.headers["Content-Length"]))), self.server.faults
        kind = faults.kind(json.dumps(body, sort_keys=True)) if self.known() else "no_key"
        faults.enter(body, kind)
        try:
            if kind == "no_key":
                return self.send(*NO_KEY)
            if kind == "latency":
                faults.pause()
            if kind == "slow":
                faults.closing.wait()
            self.send(*faults.reply(self.path, body, kind), kind)
        except OSError:  # the other side went away
            self.close_connection = True
        finally:
            faults.leave()

    def known(self) -> bool:
        """Whether the key is the right one."""
        key = self.server.faults.key
        return not key or self.headers.get("Authorization") == f"Bearer {key}"

    def send(self, status: int, values: Json, kind: str = "ok") -> None:
        """Send a reply, or what goes for one."""
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self.close_connection = True
            os.close(self.connection.detach())
            return
        data = json.dumps(values).encode()
        data = data.replace(b"{", b"<", 1) if kind == "malformed" else data
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) + (kind == "drip") * ENDLESS))
        if kind == "busy_later":
            self.send_header("Retry-After", "2")
        self.end_headers()
        while kind == "drip" and not self.server.faults.closing.wait(0.01):
            self.wfile.write(b" ")
        self.wfile.write(data[: len(data) // 2] if kind == "half" else data)
        self.close_connection = self.close_connection or kind == "half"


class FaultServer:
    """Serves `models` on a free port of this machine; `served` counts replies by kind, `asked` holds the bodies."""

    def __init__(
        self,
        shares: Mapping[str, float] | None = None,
        seed: int = 0,
        answer: Answer = echo,
        models: tuple[str, ...] = ("teacher",),
        key: str = "",
        owner: str = "",
        pause: Callable[[], None] = lambda: None,
        extra: Callable[[Json], Json] = lambda body: {},
    ) -> None:
        """Shares of faults add up to at most 1; `pause` is what latency is, `extra` what a choice tells besides."""
        assert set(shares or ()) <= {*STATUSES, *OTHERS}
        self.shares, self.seed, self.answer, self.models, self.key = dict(shares or {}), seed, answer, models, key
        self.owner, self.pause, self.extra = owner, pause, extra
        self.served, self.asked, self.most_at_once = Counter[str](), list[Json](), 0
        self.connections = list[socket.socket]()
        self.closing, self.lock, self._came, self._inside = threading.Event(), threading.Lock(), Counter[str](), 0
        self._server = Listener(("127.0.0.1", 0), Handler)
        self._server.faults = self
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        """The running server."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Stop listening, let go of requests that hang, and break off the connections."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            with suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)

    def enter(self, body: Json, kind: str) -> None:
        """Count a request that came."""
        with self.lock:
            self.asked.append(body)
            self.served[kind] += 1
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)

    def leave(self) -> None:
        """One request less at work."""
        with self.lock:
            self._inside -= 1

    def kind(self, text: str) -> str:
        """What happens to a request this time."""
        with self.lock:
            self._came[text] += 1
            chance = random.Random(f"{self.seed} {self._came[text]} {text}").random()
        for kind, share in self.shares.items():
            if chance < share:
                return kind
            chance -= share
        return "ok"

    def reply(self, path: str, body: Json, kind: str) -> tuple[int, Json]:
        """Status and JSON of a reply."""
        if path not in ("/v1/chat/completions", "/v1/completions"):
            return 404, {"detail": "Not Found"}
        if body.get("model") not in self.models:
            return 404, {"error": {"message": f"The model `{body.get('model')}` does not exist.", "code": 404}}
        if kind in STATUSES:
            return STATUSES[kind][0], {"error": {"message": STATUSES[kind][1]}}
        seeds = range(body.get("seed", 0), body.get("seed", 0) + body.get("n", 1))  # as vLLM gives samples theirs
        texts = [self.answer({**body, "seed": seed}) for seed in seeds]
        choices = [self._choice(number, text, path, body, kind) for number, text in enumerate(texts)]
        words = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": len(str(question(body)).split()), "completion_tokens": words}
        return 200, {"choices": [] if kind == "no_choices" else choices, "usage": usage}

    def _choice(self, number: int, text: str, path: str, body: Json, kind: str) -> Json:
        text = "" if kind in ("empty", "filtered", "refusal") else text
        ending = {"length": "length", "filtered": "content_filter"}.get(kind, "stop")
        refusal = {"refusal": "I cannot help with that."} if kind == "refusal" else {}
        said: Json = (
            {"message": {"content": text, **refusal}} if path.endswith("/chat/completions") else {"text": text}
        )
        return {"index": number, "finish_reason": ending, **said, **self.extra(body)}
