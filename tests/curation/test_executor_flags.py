"""Which executor the flags of a command ask for."""

import argparse

import pytest

from curation.errors import UserError
from curation.executor_flags import add_executor, chosen_cluster


@pytest.fixture
def chosen(monkeypatch):
    monkeypatch.delenv("WINNOW_RAY_ADDRESS", raising=False)
    parser = argparse.ArgumentParser()
    add_executor(parser)
    return lambda *words: chosen_cluster(parser.parse_args(words))


def test_this_machine_is_what_nobody_has_to_ask_for(chosen, monkeypatch):
    monkeypatch.setenv("WINNOW_RAY_ADDRESS", "10.0.0.1:6379")
    assert (chosen(), chosen("--executor", "local")) == (None, None)


def test_a_cluster_is_named_by_a_flag_or_else_by_the_environment(chosen, monkeypatch):
    monkeypatch.setenv("WINNOW_RAY_ADDRESS", "10.0.0.1:6379")
    assert chosen("--executor", "ray") == "10.0.0.1:6379"
    assert chosen("--executor", "ray", "--address", "10.0.0.2:6379") == "10.0.0.2:6379"


def test_ray_without_an_address_says_where_to_put_one(chosen):
    with pytest.raises(UserError, match="needs --address HOST:PORT, or WINNOW_RAY_ADDRESS in the environment"):
        chosen("--executor", "ray")


def test_an_address_without_ray_is_refused(chosen):
    with pytest.raises(UserError, match="goes with --executor ray"):
        chosen("--address", "10.0.0.1:6379")
