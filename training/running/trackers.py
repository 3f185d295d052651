"""Weights & Biases and TensorBoard, used where the user has set them up and only there."""

import os
from collections.abc import Mapping
from importlib.util import find_spec


def trackers(environment: Mapping[str, str] | None = None) -> list[str]:
    """What a trainer reports to beside the run's folder: installed packages that the environment configures."""
    known = os.environ if environment is None else environment
    found = []
    mode = known.get("WANDB_MODE", "")
    if (known.get("WANDB_API_KEY") or mode) and mode != "disabled" and find_spec("wandb"):
        found.append("wandb")
    if known.get("TENSORBOARD_LOGGING_DIR") and (find_spec("tensorboard") or find_spec("tensorboardX")):
        found.append("tensorboard")
    return found
