"""Checkpoints that can be trusted: one counts only once its list of files, written last, is there and agrees."""

import json
import shutil
from pathlib import Path

from curation.runs import replace_text

LIST = "complete.json"


def seal(checkpoint: Path) -> None:
    """Write the list of the checkpoint's files and sizes, last of all."""
    replace_text(checkpoint / LIST, json.dumps(_sizes(checkpoint)))


def last(folder: Path) -> Path | None:
    """The newest complete checkpoint; broken newer ones are deleted."""
    for checkpoint in sorted(folder.glob("checkpoint-*"), key=step, reverse=True):
        if _complete(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def step(checkpoint: Path) -> int:
    """The step a checkpoint was saved at."""
    return int(checkpoint.name.rsplit("-", 1)[-1])


def _complete(checkpoint: Path) -> bool:
    path = checkpoint / LIST
    # what is listed has to be there; what another machine wrote may have come to the first one's sight after its list
    return path.is_file() and json.loads(path.read_text()).items() <= _sizes(checkpoint).items()


def _sizes(folder: Path) -> dict[str, int]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(LIST)]
    return {str(path.relative_to(folder)): path.stat().st_size for path in files}
