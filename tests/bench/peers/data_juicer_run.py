"""Data-Juicer on a folder of JSON lines: what its command line does, with the settings that make it fastest."""

from pathlib import Path
from typing import Any

import yaml
from data_juicer.config import init_configs
from data_juicer.core import DefaultExecutor


def run(folder: str, out: str, workers: str, process: list[dict[str, Any]]) -> None:
    """Process every file of the folder into out/kept.jsonl."""
    settings = {
        "project_name": "bench", "dataset_path": folder, "export_path": f"{out}/kept.jsonl", "work_dir": f"{out}/work",
        "np": int(workers), "text_keys": "reasoning", "use_cache": False, "open_monitor": False, "op_fusion": True,
        "turbo": True, "process": process,
    }  # fmt: skip
    path = Path(out) / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings))
    DefaultExecutor(init_configs(["--config", str(path)])).run()
