"""Two researchers on one server at once: no error, and every label pressed is kept. The long form is `make load`."""

import asyncio

import pytest

from curation.workspace import Workspace
from tests.e2e.conftest import CHROMIUM, Server
from tests.load import outcome
from tests.load.drive import drive

pytestmark = pytest.mark.e2e
SECONDS = 8


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_two_sessions_at_work_lose_no_label_and_meet_no_error(tmp_path):
    server = Server(tmp_path / "workspace", tmp_path / "server.log")
    server.start()
    try:
        load = asyncio.run(drive(server, 2, SECONDS, 0, tmp_path))
    finally:
        server.stop()
    work = Workspace(server.workspace)
    kept = outcome.labels(work, load.sessions)
    assert [*load.errors(), *outcome.logged(tmp_path / "server.log"), *outcome.broken(work, load.sessions)] == []
    assert kept.lost == []
    assert kept.pressed > 0
    work.store.close()
