"""A server asked from a process of its own: what is under way when a run is killed or stopped is not asked twice."""

import json
import threading
import time
from collections import Counter

import psutil
import pytest

from curation.apart import Apart
from curation.backends.answer_book import ANSWERS, AnswerBook
from curation.connection import CONNECTIONS, write
from curation.errors import UserError
from curation.generating.progress import progress_of
from curation.models import Request
from curation.operators.generate import Generate
from curation.runs import ACTIVE
from tests.faults import FaultServer, echo, question

ROWS, AT_ONCE = 12, 4
MANY = 400  # more than are answered between being told to stop and hearing of it
LONGEST = 120  # seconds before a test gives up


def until(condition):
    end, pause = time.monotonic() + LONGEST, threading.Event()
    while not condition():
        assert time.monotonic() < end, "this takes too long"
        pause.wait(0.02)


class Held(FaultServer):
    """Answers three requests; the others wait until they are let go."""

    def __init__(self):
        self.free = threading.Event()
        super().__init__(answer=self.answered)

    def answered(self, body):
        if len(self.asked) > 3:
            self.free.wait()
        return echo(body)


@pytest.fixture
def server():
    with Held() as running:
        yield running
        running.free.set()


@pytest.fixture
def connected(workspace, server):
    """A workspace that knows the server."""
    values = {"backend": "server", "url": server.url, "model": "teacher", "concurrency": AT_ONCE}
    write(workspace.root, {"teacher": CONNECTIONS.parse(values)})
    return workspace


def kept_in(workspace):
    return len(AnswerBook(workspace.root / ANSWERS))


def test_what_was_under_way_when_a_run_was_killed_is_kept_and_not_asked_again(connected, server, tmp_path):
    path = tmp_path / "sums.jsonl"
    rows = [{"question": f"What is {number} + 1?", "answer": str(number + 1)} for number in range(ROWS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = connected.generate_run(Generate(model="teacher", prompt="{question}"), path)
    run.launch()
    until(lambda: len(server.asked) == 3 + AT_ONCE)
    psutil.Process(run.status().pid).kill()
    until(lambda: run.status().state == "lost")
    assert kept_in(connected) == 3
    server.free.set()
    run.launch()
    until(lambda: run.status().state not in ACTIVE)
    assert (run.status().state, progress_of(run).traces) == ("done", ROWS)
    assert Counter(map(question, server.asked)) == {row["question"]: 1 for row in rows}
    usage = [json.loads(line) for line in (run.out / "usage.jsonl").read_text().splitlines()]
    assert [line["paid"] for line in usage] == [True] * ROWS


def test_a_stopped_stream_ends_once_what_is_under_way_is_answered(connected, server):
    run, asked, seen = connected.root / "runs" / "a", [Request(str(row)) for row in range(MANY)], threading.Event()
    run.mkdir()

    def stopping():
        if len(server.asked) == 3 + AT_ONCE:
            seen.set()
        return seen.is_set()

    threading.Thread(target=lambda: seen.wait() and server.free.set()).start()
    found = dict(Apart(run, "teacher", stopping).stream(asked))
    assert len(found) == len(server.asked) == kept_in(connected) < MANY
    rest = Apart(run, "teacher", lambda: False).complete(asked)
    assert [one.text for one in rest] == [f"re: {row}" for row in range(MANY)]
    assert Counter(map(question, server.asked)) == {str(row): 1 for row in range(MANY)}


def test_what_no_request_can_escape_is_told_to_the_run(workspace):
    run = workspace.root / "runs" / "a"
    run.mkdir()
    values = {"backend": "server", "url": "http://127.0.0.1:9/v1", "model": "teacher", "retries": 0}
    write(workspace.root, {"teacher": CONNECTIONS.parse(values)})
    model = Apart(run, "teacher", lambda: False)
    with pytest.raises(UserError, match=r"^The server at http://127.0.0.1:9/v1 is down"):
        model.complete([Request("a")])
    with pytest.raises(UserError, match=r"does not tell how likely a given text is"):
        model.score([Request("a")], ["b"])
