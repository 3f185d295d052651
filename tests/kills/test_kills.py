"""A few kills of each kind of work; `make kills` does a hundred."""

import pytest

from tests.kills.killing import kill_often
from tests.kills.kinds import Worlds

KILLS = 2
KINDS = ("import", "annotate", "apply", "take in", "train", "evaluate")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    return Worlds(tmp_path_factory.mktemp("kills") / "start", rows=40)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_work_shows_nothing_half_done_and_ends_as_if_nobody_had_killed_it(worlds, kind, tmp_path):
    found = kill_often(kind, worlds.kinds()[kind], tmp_path, KILLS, seed=1)
    assert (found.kills, found.reasons) == (KILLS, [])
