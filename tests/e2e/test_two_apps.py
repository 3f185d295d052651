"""Two apps on one workspace: the second says who holds the store, and takes over when the first has ended."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server

pytestmark = pytest.mark.e2e


@pytest.fixture
def second(server, tmp_path):
    """Another app on the workspace of the first, with a log of its own."""
    other = Server(server.workspace, tmp_path / "second.log")
    other.start()
    yield other
    other.stop()


def test_the_second_app_waits_and_takes_over(page, server, second, shot):
    page.goto(server.url)
    expect(page.get_by_role("button", name="Load the sample workspace")).to_be_visible()
    for name in ("", "runs", "models"):
        page.goto(f"{second.url}/{name}")
        expect(page.get_by_text(f"PID {server.process.pid}")).to_be_visible()
        expect(page.get_by_text("This page goes on by itself")).to_be_visible()
    page.goto(second.url)
    shot("10-held")
    server.stop()
    expect(page.get_by_role("button", name="Load the sample workspace")).to_be_visible()
    expect(page.get_by_text(f"PID {server.process.pid}")).to_have_count(0)
    assert "Traceback" not in second.log.read_text()
