"""Streamlit's own login against an OpenID provider, in a real browser: nothing before it, a name after it."""

import json
import time
from collections.abc import Iterator

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from joserfc.jwk import RSAKey
from playwright.sync_api import BrowserContext, Page, expect

from curation.workspace import Workspace
from tests.e2e.conftest import Server
from tests.e2e.oidc import CLIENT, SECRET, Provider

pytestmark = pytest.mark.e2e
COOKIE, COOKIE_SECRET = "_streamlit_user", "0123456789abcdef0123456789abcdef"
# binds to 127.0.0.1, but is written as none of the addresses that are known to stay on this computer
BEYOND = ["--server.address", "127.1"]
DAY = 86_400


@pytest.fixture(scope="module")
def server(workspace, tmp_path_factory) -> Iterator[Server]:
    """The app of a lab, with a login, and one trace to look at."""
    file = tmp_path_factory.mktemp("rows") / "one.jsonl"
    file.write_text(json.dumps({"question": "What is 2 + 3?", "reasoning": "2 + 3 = 5.", "answer": "5"}) + "\n")
    work = Workspace(workspace)
    work.import_run([file]).launch()
    folder = tmp_path_factory.mktemp("secrets")
    running = Server(workspace, folder / "app.log", [*BEYOND, "--secrets.files", str(folder / "secrets.toml")])
    with Provider(running.url) as provider:
        told = {
            "redirect_uri": provider.back, "cookie_secret": COOKIE_SECRET,
            "client_id": CLIENT, "client_secret": SECRET,
            "server_metadata_url": f"{provider.url}/.well-known/openid-configuration",
        }  # fmt: skip
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in told.items()]
        (folder / "secrets.toml").write_text("[auth]\n" + "".join(lines))
        running.provider = provider
        running.start()
        yield running
        running.stop()
    assert provider.refused == []


def sign_in(page: Page, server: Server, person: str) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=person).click()


def shut(page: Page) -> None:
    """The way to the login is there, and nothing else."""
    expect(page.get_by_text("Sign in to use this workspace.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("What is 2 + 3?")).to_have_count(0)
    expect(page.get_by_role("link", name="Import")).to_have_count(0)


def test_who_signs_in_sees_the_page_labels_under_her_name_and_is_shut_out_again(page, server, shot):
    for place in ("", "import", "sql", "runs"):
        page.goto(f"{server.url}/{place}")
        shut(page)
    shot("11-login")
    sign_in(page, server, "ada")
    expect(page.locator(".st-key-reader-question").get_by_text("What is 2 + 3?")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="ada@lab.example")).to_be_visible()
    expect(page.get_by_role("link", name="Import")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    journal = server.workspace / "labels.jsonl"
    deadline = time.monotonic() + 30
    while not (journal.exists() and journal.read_text()):
        assert time.monotonic() < deadline, "no label came"
    (event,) = map(json.loads, journal.read_text().splitlines())
    assert (event["value"], event["who"]) == ("keep", "ada@lab.example")
    page.get_by_role("button", name="ada@lab.example").click()
    page.get_by_role("button", name="Sign out").click()
    shut(page)
    page.goto(server.url)
    shut(page)
    assert COOKIE not in {cookie["name"] for cookie in page.context.cookies()}


def test_who_has_no_address_goes_by_her_name(page, server):
    sign_in(page, server, "mary")
    expect(page.get_by_role("button", name="Mary Somerville")).to_be_visible(timeout=60_000)


@pytest.fixture
def provider(server) -> Iterator[Provider]:
    """The provider, which a test may make lie for a while."""
    yield server.provider
    server.provider.claims, server.provider.key = {}, server.provider.published


def refused(server: Server) -> int:
    return server.log.read_text().count("OAuth token exchange failed")


@pytest.mark.parametrize(
    "lie",
    [
        {"exp": 1_000_000_000},
        {"aud": "another app"},
        {"iss": "http://another.example"},
        {"nonce": "of another visit"},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_token_that_is_not_for_this_visit_signs_nobody_in(page, server, provider, lie):
    provider.claims, before = lie, refused(server)
    sign_in(page, server, "ada")
    shut(page)
    assert refused(server) == before + 1


def test_a_token_that_somebody_else_signed_signs_nobody_in(page, server, provider):
    provider.key, before = RSAKey.generate_key(2048, {"kid": "first"}), refused(server)
    sign_in(page, server, "ada")
    shut(page)
    assert refused(server) == before + 1


def carry(context: BrowserContext, server: Server, secret: str = COOKIE_SECRET, days: int = 0, **said: str) -> None:
    """Give a browser a cookie of the app's form, signed with a secret so many days ago."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - days * DAY

    told = {"email": "eve@lab.example", "origin": server.url, "is_logged_in": True, "provider": "default", **said}
    value = URLSafeTimedSerializer(secret, salt=COOKIE, signer=Then).dumps(json.dumps(told))
    context.add_cookies([{"name": COOKIE, "value": value, "url": server.url}])


def test_a_cookie_is_taken_while_it_is_fresh(page, server):
    carry(page.context, server)
    page.goto(server.url)
    expect(page.get_by_role("button", name="eve@lab.example")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    "forged",
    [{"secret": "another secret of the same length"}, {"days": 32}, {"origin": "http://another.example"}],
    ids=lambda forged: next(iter(forged)),
)
def test_a_forged_or_expired_cookie_does_not_get_in(page, server, forged):
    carry(page.context, server, **forged)
    page.goto(server.url)
    shut(page)
    assert page.get_by_role("button", name="eve@lab.example").count() == 0


def test_without_a_login_the_same_address_shows_a_refusal_and_nothing_else(page, workspace, tmp_path):
    open_to_all = Server(workspace, tmp_path / "app.log", BEYOND)
    open_to_all.start()
    page.goto(open_to_all.url)
    expect(page.get_by_text("nobody has to sign in")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
    expect(page.get_by_text("What is 2 + 3?")).to_have_count(0)
    open_to_all.stop()
