"""The models page: what can be asked, forms made from the specs of connections, prices."""

import json
import os

import pytest

from curation.connection import CONNECTIONS, read
from curation.life import started
from curation.runs import Request, Status, create
from pages.ui.teaching.model_list import with_prices

SERVER = {"backend": "server", "url": "http://127.0.0.1:9/v1"}
LISTED = "small: {backend: transformers, model: owner/name}\n"


@pytest.fixture
def listed(workspace):
    """A workspace that lists one model of its own."""
    (workspace.root / "models.yaml").write_text(LISTED)
    return workspace


def names(at):
    return list(at.dataframe[0].value["Name"])


def field(at, label):
    return next(box for box in [*at.text_input, *at.number_input, *at.selectbox] if box.label == label)


def local(at):
    """Choose the backend that needs no address."""
    return next(group for group in at.button_group if group.label == "Backend").set_value("transformers").run()


def press(at, label):
    return next(button for button in at.button if button.label == label).click().run()


def test_an_empty_workspace_can_ask_the_shipped_base(page, root, words):
    at = page("models")
    assert not at.exception
    assert names(at) == ["base"]
    assert "The student that comes with Winnow." in words(at)
    assert "It needs no entry" in words(at)


def test_connections_come_first_and_the_first_is_opened(page, listed, words):
    at = page("models")
    assert not at.exception
    assert names(at) == ["small", "base"]
    assert field(at, "Model").value == "owner/name"
    assert [header.value for header in at.subheader] == ["small"]


def test_a_connection_is_added_and_written(page, listed):
    at = local(page("models", asked="base"))
    field(at, "Name").set_value("again")
    field(at, "Model").set_value("base").run()
    press(at, "Add connection")
    assert not at.exception
    assert not at.error
    assert names(at) == ["small", "again", "base"]
    assert read(listed.root)["again"].dump() == {"backend": "transformers", "model": "base"}


def test_a_connection_without_a_usable_name_is_refused_in_place(page, listed):
    at = local(page("models", asked="base"))
    field(at, "Model").set_value("base").run()
    press(at, "Add connection")
    assert "needs a name" in at.error[0].value
    field(at, "Name").set_value("small")
    press(at, "Add connection")
    assert "There is a connection 'small' already" in at.error[0].value
    field(at, "Name").set_value("a name")
    press(at, "Add connection")
    assert "'a name' cannot name a model" in at.error[0].value
    assert list(read(listed.root)) == ["small"]


def test_a_connection_is_changed_and_removed(page, listed):
    at = page("models", asked="small")
    field(at, "Model").set_value("base").run()
    press(at, "Save changes")
    assert read(listed.root)["small"].parameters() == {"model": "base"}
    press(at, "Remove small")
    assert not at.exception
    assert read(listed.root) == {}
    assert names(at) == ["base"]


def test_a_list_that_cannot_be_read_is_told_in_place(page, workspace):
    (workspace.root / "models.yaml").write_text("small: {backend: carrier_pigeon}\n")
    at = page("models")
    assert not at.exception
    assert "Unknown backend 'carrier_pigeon'" in at.error[0].value


def test_prices_that_are_typed_in_are_written_and_others_stay():
    free = CONNECTIONS.parse({"backend": "transformers", "model": "base"})
    one, two = (CONNECTIONS.parse({**SERVER, "model": name, "prompt_price": 1}) for name in ("a", "b"))
    changed = with_prices({"free": free, "one": one, "two": two}, {1: {"generated_price": 8.0, "prompt_price": None}})
    assert {name: found.dump() for name, found in changed.items()} == {
        "free": free.dump(), "one": one.dump(), "two": {**SERVER, "model": "b", "generated_price": 8.0},
    }  # fmt: skip


def test_the_price_of_a_model_is_listed_and_offered_for_editing(page, workspace):
    (workspace.root / "models.yaml").write_text(json.dumps({"r1": {**SERVER, "model": "m", "prompt_price": 0.55}}))
    at = page("models")
    assert not at.exception
    assert list(at.dataframe[0].value["Price"].fillna("")) == ["0.55 / ?", ""]
    prices = next(frame.value for frame in at.dataframe if "generated_price" in frame.value.columns)
    assert list(prices["Name"]) == ["r1"]


def test_a_server_that_is_down_is_told_in_place_within_seconds(page, workspace):
    (workspace.root / "models.yaml").write_text(json.dumps({"r1": {**SERVER, "model": "m"}}))
    at = page("models")
    assert list(at.dataframe[0].value["State"]) == ["not tested", "on demand"]
    press(at, "Test connection")
    assert not at.exception
    assert "127.0.0.1:9" in at.error[0].value
    assert list(at.dataframe[0].value["State"]) == ["unreachable", "on demand"]


def test_the_variable_of_a_key_is_looked_for_and_the_key_never_shown(page, workspace, words, monkeypatch):
    keyed = {**SERVER, "model": "m", "key_variable": "WINNOW_TEST_KEY"}
    (workspace.root / "models.yaml").write_text(json.dumps({"r1": keyed}))
    assert "`WINNOW_TEST_KEY` is not set" in words(page("models"))
    monkeypatch.setenv("WINNOW_TEST_KEY", "secret-value")
    text = words(page("models"))
    assert "`WINNOW_TEST_KEY` is set" in text
    assert "secret-value" not in text


@pytest.fixture
def served(workspace):
    """A workspace with a vLLM connection whose server's run stands as said; `server` is where it answers."""
    spec = {"backend": "vllm", "model": "base"}
    (workspace.root / "models.yaml").write_text(json.dumps({"demo": spec}))

    def stand(state, server=None, error=None):
        request = Request(kind="serve", worker="curation.worker", title="Serve demo",
                          spec={"name": "demo", "connection": spec})  # fmt: skip
        run = create(workspace.runs_root, request)
        here = {"pid": os.getpid(), "pid_started": started(os.getpid()), "started": 1.0}
        (run.folder / "status.json").write_text(Status(state=state, error=error, **here).model_dump_json())
        (run.folder / "log.txt").write_text("Loading weights\n")
        if server:
            about = {"name": "demo", "url": server, "model": "demo", "pid": 1, "identity": "vllm", "run": run.id}
            (run.out / "server.json").write_text(json.dumps(about))
        return run

    return stand


def test_a_server_that_never_ran_can_be_started(page, served, words):
    at = page("models")
    assert not at.exception
    assert list(at.dataframe[0].value["State"]) == ["stopped", "on demand"]
    assert "Start server" in [button.label for button in at.button]


def test_a_server_that_starts_shows_its_log_and_cannot_be_removed(page, served):
    served("running")
    at = page("models")
    assert not at.exception
    assert at.dataframe[0].value["State"][0] == "starting"
    assert [code.value for code in at.code] == ["Loading weights"]


def test_a_running_server_tells_its_address_and_can_be_stopped(page, served, words):
    run = served("running", "http://127.0.0.1:9/v1")
    at = page("models")
    row = at.dataframe[0].value.iloc[0]
    assert (row["State"], row["Where"]) == ("running", "http://127.0.0.1:9/v1")
    assert "at http://127.0.0.1:9/v1" in words(at)
    press(at, "Stop server")
    assert not at.exception
    assert (run.folder / "cancel").exists()


def test_a_server_that_failed_says_why(page, served):
    served("failed", error="The server of 'demo' ended: out of memory (exit code 1)")
    at = page("models")
    assert not at.exception
    assert "out of memory" in at.error[0].value
    assert "Start server" in [button.label for button in at.button]
