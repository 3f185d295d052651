"""The models page: what can be asked, forms made from the specs of connections, prices."""

import pytest

from curation.connection import read

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
