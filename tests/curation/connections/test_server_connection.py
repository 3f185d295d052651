import pytest

from curation.backends.meter import Price
from curation.connection import CONNECTIONS, Place, find, read, write
from curation.errors import UserError
from curation.models import Request, ask
from tests.faults import FaultServer


def connection(**values):
    return CONNECTIONS.parse({"backend": "server", "url": "http://127.0.0.1:9/v1", "model": "teacher", **values})


def test_a_server_is_named_and_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", "secret-7f3a")
    with FaultServer(key="secret-7f3a") as server:
        made = connection(url=f"{server.url}/", key_variable="TEACHER_KEY", prompt_price=1, generated_price=2)
        write(tmp_path, {"big": made})
        assert "secret-7f3a" not in (tmp_path / "models.yaml").read_text()
        assert read(tmp_path) == {"big": made}
        opened = find("big", tmp_path).open("big", Place(tmp_path))
        assert made.models() == ["teacher"]
        assert opened.model.complete([Request(ask("a"))])[0].text == "re: a"
        assert (opened.identity, opened.price) == (f"server {server.url} teacher", Price(1, 2))


@pytest.mark.parametrize("key", ["sk-abc-123", "AKIA0123456789ABCDEF", "a b", "0f3a9b8c7d6e5f4a3b2c"])
def test_a_key_in_place_of_a_variable_is_refused_and_not_repeated(key):
    with pytest.raises(UserError, match="expected the name of an environment variable") as told:
        connection(key_variable=key)
    assert key not in str(told.value)


@pytest.mark.parametrize("url", ["http://me:pass@host/v1", "http://host/v1?key=abc"])
def test_a_key_in_the_address_is_refused_and_not_repeated(url):
    with pytest.raises(UserError, match="expected an address without user, key") as told:
        connection(url=url)
    assert url not in str(told.value)


def test_what_is_no_address_is_refused():
    with pytest.raises(UserError, match=r"server\.url: string should match pattern"):
        connection(url="127.0.0.1:8000")
    with pytest.raises(UserError, match="is no URL"):
        connection(url="http://[::1/v1").open("big", Place(None))


def test_a_missing_key_is_told_by_its_variable(tmp_path, monkeypatch):
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    with pytest.raises(UserError, match="needs its key in the environment variable TEACHER_KEY"):
        connection(key_variable="TEACHER_KEY").open("big", Place(tmp_path))


def test_a_connection_is_tested_within_seconds():
    with FaultServer() as server:
        made = connection(url=server.url)
        server.close()
    with pytest.raises(UserError, match="tells no models: ConnectError.*Is it started"):
        made.models()
