"""The running server over its WebSocket: which hosts and origins it takes, and whom it draws a page for."""

import time
from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.conftest import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory) -> Iterator[Server]:
    """The app as it runs behind a proxy on the same computer."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WINNOW_USER_HEADER", "X-Forwarded-User")
        running = Server(tmp_path_factory.mktemp("login") / "workspace")
        running.start()
        yield running
        running.stop()


def opened(server: Server, host: str = "", origin: str | None = None, **headers: str):
    """A session as a browser opens it; the host is what its address line says."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    uri = f"ws://{host or '127.0.0.1'}:{server.port}/_stcore/stream"
    place = ("127.0.0.1", server.port)
    return connect(uri, sock=None if not host else _socket(place), origin=origin, additional_headers=sent,
                   subprotocols=["streamlit"], max_size=None)  # fmt: skip


def _socket(place: tuple[str, int]):
    import socket

    return socket.create_connection(place, 10)


def drawn(server: Server, wanted: str, **headers: str) -> str:
    """What is sent to a session until the wanted words come, or for half a minute."""
    told, deadline = b"", time.monotonic() + 30
    with opened(server, **headers) as session:
        session.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        while wanted.encode() not in told and time.monotonic() < deadline:
            told += session.recv(30)
    return told.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "visit",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
    ids=["rebound name", "name like an address", "another website", "a page without origin"],
)
def test_a_website_cannot_open_a_session(behind_a_proxy, visit):
    with pytest.raises(InvalidStatus, match="403"):
        opened(behind_a_proxy, **visit)


def test_a_request_without_the_proxy_sees_a_refusal_and_nothing_else(behind_a_proxy):
    told = drawn(behind_a_proxy, "did not come through the proxy")
    assert "You are not signed in" in told
    assert "There are no traces here yet" not in told
    assert "Load the sample workspace" not in told


def test_whom_the_proxy_let_in_sees_the_page_under_her_name(behind_a_proxy):
    told = drawn(behind_a_proxy, "There are no traces here yet", X_Forwarded_User="ada@lab.example")
    assert "There are no traces here yet" in told
    assert "ada\\@lab.example" in told
