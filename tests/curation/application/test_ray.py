"""A Ray cluster as executor: what Local gives, in the same order, and errors as if they had happened here."""

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from curation.application.cluster import Ray
from curation.application.executors import Local
from curation.engine import apply
from curation.errors import UserError
from curation.operator import Annotation
from curation.trace import Trace
from tests.curation.application.on_ray import STEPS, Seen, disconnect, double, outcome, write_many
from tests.nodes import Nodes

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: make test-cluster, or requirements-cluster.txt"
)


@pytest.fixture(scope="module")
def one() -> Iterator[Ray]:
    """A cluster of one machine with one core."""
    with tempfile.TemporaryDirectory(prefix="wn-", dir="/tmp") as folder, Nodes(Path(folder)) as made:
        made.start()
        yield Ray(made.address)
        disconnect()


class Exits(Seen):
    """Kills the process that runs it."""

    def annotate(self, trace: Trace) -> Annotation:
        os._exit(9)


class Complains(Seen):
    """Raises what a user can repair."""

    def annotate_batch(self, traces):
        raise UserError("Mend this.")


def test_results_come_in_batch_order(one):
    assert list(one.map(double, range(20))) == list(range(0, 40, 2))


def test_batches_are_read_no_further_ahead_than_two_a_core(one):
    read: list[int] = []
    results = one.map(double, (read.append(n) or n for n in range(100)))
    assert next(results) == 0
    assert read == [0, 1]
    results.close()


def test_an_error_on_another_machine_is_raised_here(one):
    with pytest.raises(ValueError, match="^-1 is negative$") as caught:
        list(one.map(double, [1, 2, -1, 5]))
    assert type(caught.value) is ValueError


def test_what_a_user_can_repair_stays_one_sentence(one, tmp_path):
    with pytest.raises(UserError) as caught:
        apply([Complains(folder="")], write_many(tmp_path / "in", 50), tmp_path / "out", one)
    assert str(caught.value) == "Mend this."


def test_a_batch_that_kills_its_process_again_and_again_ends_the_step(one, tmp_path):
    with pytest.raises(UserError, match="gave up a batch: .* What is done is kept.* resume the run"):
        apply([Exits(folder="")], write_many(tmp_path / "in", 50), tmp_path / "out", one)


def test_a_set_is_the_same_to_the_byte(one, tmp_path):
    source = write_many(tmp_path / "in", 200)
    assert outcome(STEPS, source, tmp_path / "ray", one) == outcome(STEPS, source, tmp_path / "local", Local())
