from importlib.util import find_spec

import pytest

from training.running.trackers import trackers


@pytest.mark.parametrize(
    "environment",
    [{}, {"WANDB_MODE": "disabled", "WANDB_API_KEY": "x"}, {"TENSORBOARD_LOGGING_DIR": ""}],
)
def test_nothing_is_reported_elsewhere_unless_it_is_set_up(environment):
    assert trackers(environment) == []


@pytest.mark.parametrize(
    ("name", "environment", "packages"),
    [
        ("wandb", {"WANDB_API_KEY": "x"}, ["wandb"]),
        ("wandb", {"WANDB_MODE": "offline"}, ["wandb"]),
        ("tensorboard", {"TENSORBOARD_LOGGING_DIR": "/tmp/logs"}, ["tensorboard", "tensorboardX"]),
    ],
)
def test_a_tracker_is_used_where_its_package_is_installed_and_it_is_set_up(name, environment, packages):
    installed = any(find_spec(package) for package in packages)
    assert trackers(environment) == ([name] if installed else [])
