"""Pages over a store that is damaged: what is wrong and the one command that mends it, in place and once."""

import pytest

from curation.storing.rebuilding import rebuild_store
from curation.workspace import Workspace


def errors(at) -> list[str]:
    assert not at.exception
    return [error.value for error in at.error]


@pytest.fixture
def closed(workspace) -> Workspace:
    """The tiny workspace, which nobody has open."""
    workspace.store.close()
    return workspace


@pytest.mark.parametrize("name", ["traces", "import"])
def test_a_damaged_store_is_named_once_with_the_command_that_mends_it(page, closed, name):
    path = closed.root / "winnow.duckdb"
    path.write_bytes(path.read_bytes()[:20_000])
    (said,) = errors(page(name))
    assert f"python -m curation rebuild-store --workspace {closed.root} ;" in said
    rebuild_store(Workspace(closed.root))
    assert errors(page(name)) == []


def test_damage_that_shows_only_when_it_is_read_is_named_too(page, closed):
    path = closed.root / "winnow.duckdb"
    data = path.read_bytes()
    place = data.index(b"Ben has 9 nuts")
    path.write_bytes(data[:place] + b"nonsense" + data[place + 8 :])
    (said,) = errors(page("traces"))
    assert "it is damaged" in said
    assert "python -m curation rebuild-store" in said
