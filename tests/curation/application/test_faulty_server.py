"""A thousand rows asked of a server of which a third of the replies goes wrong."""

from collections import Counter
from typing import Literal

import pytest

from curation.application.sources import Parts
from curation.asker import Asker, Opened
from curation.backends.meter import Meter
from curation.backends.openai_server import OpenAIModel
from curation.connection import CONNECTIONS, write
from curation.engine import apply
from curation.errors import UserError
from curation.job import Cancelled, Job
from curation.models import Request, ask
from curation.operator import Failure, Mapper
from curation.prompting.replies import unusable
from curation.runs import Request as RunRequest
from curation.runs import create
from curation.table import to_table, write_part
from curation.tasks import asker_of
from curation.trace import Problem, Trace, derive
from tests.curation.operators.scripted_asker import MemoryBook
from tests.faults import FaultServer, echo

FAULTS = dict.fromkeys(("latency", "busy", "error", "reset", "malformed", "half"), 0.05)
KEY = "secret-7f3a"
ROWS = 1000


class Rewrite(Mapper):
    """Ask for another reasoning."""

    op: Literal["rewrite_again"] = "rewrite_again"

    def asks(self):
        return ("teacher",)

    def map_with(self, traces, asker):
        asked = {trace.id: Request(ask(trace.question)) for trace in traces}
        found = asker.complete("teacher", list(asked.values()), list(asked))
        reasons = map(unusable, found)
        return [
            Failure(trace.id, reason) if reason else [derive(trace, reasoning=one.text)]
            for trace, one, reason in zip(traces, found, reasons, strict=True)
        ]


def path_of(tmp_path, rows):
    path = tmp_path / "in" / "part-00000.parquet"
    write_part(to_table([Trace(Problem(f"{number} + 1?"), "r") for number in range(rows)]), path)
    return path


def asker(server, book, retries, by):
    model = OpenAIModel(server.url, "teacher", KEY, retries=retries, wait=lambda seconds: None)
    return Asker(lambda name: Opened(model, "teacher"), book, Meter(), by)


def asked_of(server):
    """How often each question was asked."""
    return Counter(body["messages"][-1]["content"] for body in server.asked)


def test_every_row_is_accounted_for_and_a_repeated_run_asks_only_what_failed(tmp_path):
    source = Parts([path_of(tmp_path, ROWS)])
    book, late = MemoryBook(), []
    with FaultServer(FAULTS, key=KEY, pause=lambda: late.append(1)) as server:
        first = asker(server, book, 0, "first")
        with apply([Rewrite()], source, tmp_path / "first", asker=first) as result:
            report = result.reports[0]
            assert report.rows + report.failed == ROWS
        assert report.failed == ROWS - server.served["ok"] - len(late)
        assert 200 < report.failed < 300
        assert first.meter.totals.endings == {
            "stop": report.rows, "rate_limit": server.served["busy"], "server_error": server.served["error"],
            "connection": server.served["reset"] + server.served["half"], "bad_response": server.served["malformed"],
        }  # fmt: skip
        once = asked_of(server)
        assert (len(once), set(once.values())) == (ROWS, {1})

        second = asker(server, book, 6, "second")
        with apply([Rewrite()], source, tmp_path / "second", asker=second) as result:
            assert (result.reports[0].rows, result.reports[0].failed) == (ROWS, 0)
        assert sum(count > 1 for count in asked_of(server).values()) == report.failed
        assert second.meter.totals.kept == report.rows


def test_answers_of_no_use_fail_their_rows_by_kind(tmp_path):
    kinds = ("empty", "length", "refusal", "filtered")
    with FaultServer(dict.fromkeys(kinds, 0.1)) as server:
        made = asker(server, MemoryBook(), 0, "run")
        with apply([Rewrite()], Parts([path_of(tmp_path, 100)]), tmp_path / "out", asker=made) as result:
            ledger = result.memory.sql(f"SELECT reason FROM ({result.states[1].verdicts}) WHERE verdict = 'failed'")
        told = Counter(reason.split(":")[0] for (reason,) in ledger)
        served = server.served
        assert min(served[kind] for kind in kinds) > 3
        assert told == {
            "empty": served["empty"], "cut off": served["length"], "filtered": served["refusal"] + served["filtered"]
        }  # fmt: skip
        assert made.meter.totals.endings == {
            "stop": served["ok"] + served["empty"], "length": served["length"],
            "filtered": served["refusal"] + served["filtered"],
        }  # fmt: skip


def test_a_storm_of_busy_replies_is_counted_and_told(tmp_path):
    with FaultServer({"busy": 1.0}) as server:
        made = asker(server, MemoryBook(), 2, "run")
        with pytest.raises(UserError, match=r"failed on 40 of 40 rows .*rate_limit: HTTP 429"):
            apply([Rewrite()], Parts([path_of(tmp_path, 40)]), tmp_path / "out", asker=made)
        assert (made.meter.totals.endings, server.served["busy"]) == ({"rate_limit": 40}, 120)


def test_a_cancelled_run_keeps_what_it_paid_for_and_resumed_repeats_none(tmp_path, monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", KEY)
    source = Parts([path_of(tmp_path, 300)])
    run = create(tmp_path / "runs", RunRequest(kind="apply", worker="curation.worker", title="t"))

    def answer(body):
        if len(server.asked) == 100:
            run.cancel()
        return echo(body)

    def work():
        return apply([Rewrite()], source, run.out, asker=asker_of(Job(run, first=False)))

    with FaultServer(key=KEY, answer=answer) as server:
        values = {"backend": "server", "url": server.url, "model": "teacher", "key_variable": "TEACHER_KEY"}
        write(tmp_path, {"teacher": CONNECTIONS.parse(values)})
        with pytest.raises(Cancelled):
            work()
        assert 100 <= len(server.asked) < 300
        (run.folder / "cancel").unlink()
        with work() as result:
            assert (result.reports[0].rows, result.reports[0].failed) == (300, 0)
        assert set(asked_of(server).values()) == {1}
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []
