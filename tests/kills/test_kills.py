"""A few kills of each kind of work; `make kills` does a hundred."""

import pytest

from tests.kills.killing import kill_often
from tests.kills.kinds import Worlds

KILLS = {"import": 2, "annotate": 2, "apply": 2, "take in": 2, "train": 1, "evaluate": 1}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    return Worlds(tmp_path_factory.mktemp("kills") / "start", rows=40)


@pytest.mark.parametrize(("kind", "kills"), KILLS.items())
def test_killed_work_shows_nothing_half_done_and_ends_as_if_nobody_had_killed_it(worlds, kind, kills, tmp_path):
    found = kill_often(kind, worlds.kinds()[kind], tmp_path, kills, seed=1)
    assert (found.kills, found.reasons) == (kills, [])
