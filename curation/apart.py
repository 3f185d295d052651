"""`python -m curation.apart FD RUN MODEL`: asks a server for a run, and outlives a run that is killed.

What is under way then, and paid for, is still answered and kept; the resumed run waits for it and asks the rest.
"""

import fcntl
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from curation.backends.answer_book import ANSWERS, AnswerBook
from curation.backends.kept import Kept
from curation.connection import Place, find
from curation.errors import UserError
from curation.models import Completion, Done, Request, TokenScore, in_order
from curation.runs import PROJECT

LOCK = "asking.lock"  # in a run's folder, held while calls may be under way
POLL = 0.2  # seconds between looks at whether to stop
STOP, END = "stop", "end"


class Apart:
    """A model behind a server, asked by a process of its own that keeps the answers."""

    def __init__(self, run: Path, model: str, stopping: Callable[[], bool]) -> None:
        """Start nothing yet; told to stop, a stream ends once what is under way is answered."""
        self.run, self.model, self.stopping = run.resolve(), model, stopping

    def complete(self, requests: Sequence[Request], done: Done | None = None) -> list[Completion]:
        """Answer every request, in order."""
        return in_order(self.stream(requests), len(requests), done)

    def stream(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion]]:
        """Each request's place and its answer, in the order in which they end; fewer where it was told to stop."""
        yield from self._asked(list(requests), None)

    def score(self, requests: Sequence[Request], texts: Sequence[str]) -> list[list[TokenScore]]:
        """How likely each token of a text is, given the request's prompt and prefix and the tokens before it."""
        return list(self._asked(list(requests), list(texts)))

    @cached_property
    def _line(self) -> Connection:
        """To the process; it ends by itself once this end is closed, as by a kill."""
        ours, theirs = socket.socketpair()
        with theirs:
            end = theirs.fileno()
            command = [sys.executable, "-m", "curation.apart", str(end), str(self.run), self.model]
            subprocess.Popen(command, pass_fds=[end], cwd=PROJECT, start_new_session=True)
        return Connection(ours.detach())

    def _asked(self, requests: list[Request], texts: list[str] | None) -> Iterator[Any]:
        """What the process says of a question, up to its end or the UserError it met."""
        self._line.send((requests, texts))
        told, heard = False, None
        try:
            while heard != END:
                if not told and self.stopping():
                    self._line.send(STOP)
                    told = True
                if not self._line.poll(POLL):
                    continue
                heard = self._heard()
                if heard != END:
                    yield heard
        finally:
            if told or heard != END:  # nobody wants the rest: another question gets another process
                self._line.close()
                del self._line

    def _heard(self) -> Any:  # noqa: ANN401  (what was sent)
        try:
            found = self._line.recv()
        except EOFError:
            raise UserError(
                f"The process that asks '{self.model}' ended; log.txt says why. Resume the run: finished calls are "
                "kept."
            ) from None
        if isinstance(found, UserError):
            raise found
        return found


def serve(line: Connection, run: Path, model: str) -> None:
    """Answer questions until nobody is left to ask any; calls of the session before are waited for."""
    with open(run / LOCK, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        opened = find(model, run.parents[1]).open(model, Place(run.parents[1], line.poll))
        kept = Kept(opened.model, AnswerBook(run.parents[1] / ANSWERS), opened.identity, run.name)
        with suppress(EOFError):
            while True:
                asked = line.recv()
                if asked != STOP:
                    _answer(line, kept, *asked)


def _answer(line: Connection, kept: Kept, requests: list[Request], texts: list[str] | None) -> None:
    """Say every answer, which is kept before; where nobody listens any more, the rest is only kept."""
    try:
        found: Iterator[Any] = kept.stream(requests) if texts is None else iter(kept.score(requests, texts))
        for one in found:
            _say(line, one)
        _say(line, END)
    except UserError as error:
        _say(line, error)


def _say(line: Connection, words: object) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        line.send(words)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), Path(sys.argv[2]), sys.argv[3])
