"""Who is let in: nobody beyond this computer without a login, whatever the address is called."""

import pytest
from streamlit import config

from pages.ui.access import Server, is_loopback

OPEN = Server("127.0.0.1", login=False, header="", secret="0123456789abcdef" * 2)


@pytest.fixture(autouse=True)
def unconfined(monkeypatch):
    """What an app that others reach sets for itself is taken back."""
    monkeypatch.setenv("WINNOW_CONFINED", "")
    monkeypatch.delenv("WINNOW_CONFINED")


@pytest.fixture
def listening():
    """Sets options of the server as its command line does, and takes them back."""

    def to(**options):
        flags = {f"server.{name}": value for name, value in options.items()}
        config.get_config_options(force_reparse=True, options_from_flags=flags)

    yield to
    config.get_config_options(force_reparse=True, options_from_flags={})


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.53"])
def test_these_addresses_are_reached_from_this_computer_alone(address):
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [None, "", "0.0.0.0", "::", "[::]", "192.168.1.5", "2001:db8::1", "example.org", "unix:///x", "127.0.0.1.org"],
)  # fmt: skip
def test_any_other_address_needs_a_login(address):
    assert not is_loopback(address)
    assert "nobody has to sign in" in (OPEN._replace(address=address).defect() or "")
    assert OPEN._replace(address=address, login=True).defect() is None
    assert OPEN._replace(address=address, header="X-User").defect() is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"xsrf": False}, "enableXsrfProtection is off"),
        ({"cors": False}, "enableCORS is off"),
        ({"hosts": ()}, "lets every host name pass"),
        ({"hosts": ("localhost", "*")}, "lets every host name pass"),
    ],
)
def test_a_protection_that_is_switched_off_is_refused_on_any_address(change, told):
    assert told in (OPEN._replace(**change).defect() or "")
    assert told in (OPEN._replace(**change, address="::", login=True).defect() or "")


@pytest.mark.parametrize("secret", ["", "xxx", "0123456789abcdef" * 2 + "0"])
def test_a_secret_with_which_cookies_could_be_forged_is_refused_where_cookies_sign_in(secret):
    told = OPEN._replace(login=True, secret=secret).defect()
    assert ("a cookie could be forged" in (told or "")) == (len(secret) < 32)
    assert OPEN._replace(secret=secret).defect() is None


def test_an_app_with_a_login_is_not_alone_even_on_loopback():
    assert OPEN.alone()
    assert not OPEN._replace(header="X-User").alone()
    assert not OPEN._replace(login=True).alone()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", ""])
def test_beyond_loopback_no_page_is_drawn(page, workspace, listening, address, caplog):
    listening(address=address)
    at = page("traces")
    assert [title.value for title in at.title] == ["Winnow does not run like this"]
    assert len(at.error) == 1
    assert "nobody has to sign in" in at.error[0].value
    assert (len(at.dataframe), len(at.button), len(at.text_input)) == (0, 0, 0)
    assert "nobody has to sign in" in caplog.text


@pytest.mark.parametrize("options", [{"enableCORS": False}, {"enableXsrfProtection": False}, {"allowedHosts": []}])
def test_no_page_is_drawn_while_a_protection_is_off(page, workspace, listening, options):
    listening(**options)
    assert [title.value for title in page("traces").title] == ["Winnow does not run like this"]


def test_a_page_that_is_opened_alone_is_refused_too(page, root, listening):
    listening(address="0.0.0.0")
    at = page("traces")
    at.switch_page("pages/import.py").run()
    assert [title.value for title in at.title] == ["Winnow does not run like this"]


def test_a_request_that_did_not_come_through_the_proxy_is_refused(page, workspace, monkeypatch):
    monkeypatch.setenv("WINNOW_USER_HEADER", "X-Forwarded-User")
    at = page("traces")
    assert [title.value for title in at.title] == ["You are not signed in"]


def test_an_address_cannot_name_a_page_that_is_none(page, workspace):
    at = page("../../etc/passwd")
    assert not at.exception
    assert at.title[0].value == "Traces"
