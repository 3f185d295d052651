"""A student: the shipped base, a local folder, a hub name, or the model a finished train run left."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curation.connection import BASE, BASE_FOLDER, MODEL
from curation.connection import read as connections
from curation.errors import UserError
from curation.places import model_name
from curation.runs import Run, all_runs

TRAINED_ON = "problems.parquet"  # in out/ of a train run: ids of the problems trained on, its own student's included


@dataclass(frozen=True, slots=True)
class Student:
    """What people call it, what transformers loads, the run that trained it, and a LoRA adapter to put on it."""

    name: str
    path: str
    run: Path | None = None
    adapter: Path | None = None
    connection: str | None = None  # the name it is asked by, where it is not loaded here

    @classmethod
    def from_inputs(cls, inputs: Mapping[str, Any]) -> "Student":
        """The student named in a run's inputs."""
        run, adapter = (Path(inputs[key]) if inputs.get(key) else None for key in ("student_run", "adapter"))
        return cls(inputs["student"], inputs["model"], run, adapter, inputs.get("connection"))

    def as_inputs(self) -> dict[str, str | None]:
        """The inputs of a run that name this student."""
        return {
            "student": self.name,
            "model": self.path,
            "student_run": str(self.run.resolve()) if self.run else None,
            "adapter": str(self.adapter) if self.adapter else None,
            **({"connection": self.connection} if self.connection else {}),
        }

    def problems(self) -> frozenset[str] | None:
        """Ids of the problems it was trained on here; None when it was not trained here."""
        if self.run is None:
            return None
        return frozenset(pq.read_table(self.run / "out" / TRAINED_ON)["problem_id"].to_pylist())


def resolve(name: str, runs: Path) -> Student:
    """The student of that name: `base`, a run's id, a folder or a hub name `owner/name`."""
    if name == BASE:
        return Student(BASE, str(BASE_FOLDER))
    given = Path(model_name(name))
    for folder in (runs / given.name, given):
        if (folder / "run.json").is_file():
            return _trained(Run(folder.resolve()))
    if name in connections(runs.parent):
        return Student(name, name, connection=name)
    if (given / "config.json").is_file():
        return Student(given.name, str(given.resolve()))
    if (given / "adapter_config.json").is_file():
        return _adapted(given.resolve())
    if given.is_dir():
        raise UserError(f"The folder {given} holds no model: config.json is missing.")
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return Student(name, name)
    raise UserError(
        f"There is no student '{name}'; known: {', '.join([BASE, *connections(runs.parent), *_finished(runs)])}, "
        "the folder of a model, or a hub name such as owner/name."
    )


def _trained(run: Run) -> Student:
    if run.request.kind != "train":
        raise UserError(f"Run '{run.id}' is of kind {run.request.kind}, so it holds no student; name a train run.")
    model = run.out / MODEL
    if not model.is_dir():
        raise UserError(f"Run '{run.id}' has no finished model: it is {run.status().state}; resume it first.")
    return Student(run.id, str(model), run.folder)


def _adapted(folder: Path) -> Student:
    """A LoRA adapter, on the model its own configuration names."""
    model = json.loads((folder / "adapter_config.json").read_text()).get("base_model_name_or_path")
    if not model:
        raise UserError(f"The adapter in {folder} does not say its model: set base_model_name_or_path in its config.")
    return Student(folder.name, str(model), adapter=folder)


def _finished(runs: Path) -> list[str]:
    return [run.id for run in all_runs(runs) if (run.out / MODEL).is_dir()]
