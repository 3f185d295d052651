"""A cluster of two machines, one of them lost in mid-run: the set is that of one machine, to the byte.

`make test-cluster` installs Ray and runs this; SEED chooses when a machine is lost, and whether it dies or falls
silent.
"""

import os
import random
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from curation.application.cluster import Ray
from curation.application.executors import Local
from curation.errors import UserError
from tests.curation.application.on_ray import STEPS, Seen, disconnect, double, outcome, write_many
from tests.nodes import Nodes

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: make test-cluster, or requirements-cluster.txt"
)
SEED = int(os.environ.get("SEED", "0"))


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    """A cluster without nodes yet; the connection to it ends with the test."""
    with tempfile.TemporaryDirectory(prefix="wn-", dir="/tmp") as folder, Nodes(Path(folder)) as made:
        yield made
        disconnect()


def test_a_machine_lost_in_mid_run_changes_nothing(nodes, tmp_path):
    chance, source = random.Random(SEED), write_many(tmp_path / "in", 1000)
    (tmp_path / "seen").mkdir()
    steps = [Seen(folder=str(tmp_path / "seen")), *STEPS]
    moment, lose = chance.randrange(20, 200), chance.choice([nodes.kill, nodes.freeze])
    nodes.start()
    second, told = nodes.start(), list[str]()

    def losing(done: int, total: int, label: str) -> None:
        told.append(label)
        if len(told) == moment:
            assert len(list((tmp_path / "seen").iterdir())) == 2
            lose(second)

    executor = Ray(nodes.address)
    assert executor.cores() == 2
    found = outcome(steps, source, tmp_path / "ray", executor, losing)
    assert (len(told) > moment, executor.cores()) == (True, 1)
    assert found == outcome(steps, source, tmp_path / "local", Local())


def test_a_cluster_without_machines_that_compute_is_said(nodes, tmp_path):
    nodes.start(cores=0)
    with pytest.raises(UserError, match="no machine is left that computes"):
        list(Ray(nodes.address).map(double, [1]))
