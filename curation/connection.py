"""Connections: how a model that people name is reached; `models.yaml` of a workspace lists them.

deepseek: {backend: server, url: "https://api.example.com/v1", model: reasoner, key_variable: EXAMPLE_KEY}
demo: {backend: vllm, model: base, dtype: float32}
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from curation.asker import Opened
from curation.errors import UserError, unknown
from curation.places import model_name
from curation.runs import PROJECT, all_runs, replace_text
from curation.sets.requests import NAME
from curation.spec import Family, Spec
from curation.yaml_lines import Lines, dump

FILE = "models.yaml"
BASE, BASE_FOLDER = "base", PROJECT / "data" / "base_student"
MODEL = "model"  # in out/ of a finished train run
Money = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection is opened: the workspace, and whether the run that asks was told to stop."""

    root: Path
    stopping: Callable[[], bool] = lambda: False

    @property
    def runs(self) -> Path:
        """The workspace's runs."""
        return self.root / "runs"


class Connection(Spec):
    """How a model is reached."""

    tag = "backend"
    here: ClassVar[bool] = False  # the run that asks loads the weights itself, so it has to wait for its turn

    @abstractmethod
    def open(self, name: str, place: Place) -> Opened:
        """The model, ready to be asked; UserError when it cannot be."""


CONNECTIONS: Family[Connection] = Family("backend", "curation.connections", Connection)  # type: ignore[type-abstract]


def read(root: Path) -> dict[str, Connection]:
    """The connections of a workspace by name; UserError names the line or field that is wrong."""
    path = root / FILE
    if not path.is_file():
        return {}
    values = Lines.of(path.read_text(encoding="utf-8", errors="replace"), str(path)).values or {}
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected names of models, each with its backend, found {type(values).__name__}.")
    return {str(name): CONNECTIONS.parse(value, f"{path}, {name}: ") for name, value in values.items()}


def write(root: Path, connections: Mapping[str, Connection]) -> None:
    """Replace the workspace's connections."""
    for name in connections:
        if not NAME.fullmatch(name):
            raise UserError(f"'{name}' cannot name a model: use letters, digits, '.', '_' and '-'.")
    values: dict[str, Any] = {name: connection.dump() for name, connection in connections.items()}
    replace_text(root / FILE, dump(values))


def known(root: Path) -> list[str]:
    """Names that can be asked: connections, the shipped base, and the students trained here."""
    trained = [run.id for run in all_runs(root / "runs") if (run.out / MODEL).is_dir()]
    return [*read(root), BASE, *trained]


def find(name: str, root: Path) -> Connection:
    """The connection of that name; a folder, a hub name, `base` or a train run's id is a model on this machine."""
    listed = read(root)
    if name in listed:
        return listed[name]
    here = Path(model_name(name)).is_dir() or (root / "runs" / Path(name).name / "run.json").is_file()
    if not (here or name == BASE or name.count("/") == 1):
        raise unknown("model", name, known(root))
    return CONNECTIONS.parse({"backend": "transformers", "model": name})


def weights_of(model: str, runs: Path) -> str:
    """What a backend loads: the folder of `base` or of a train run's student, any other folder, or a hub name."""
    if model == BASE:
        return str(BASE_FOLDER)
    run = runs / Path(model).name
    if (run / "run.json").is_file():
        if not (run / "out" / MODEL).is_dir():
            raise UserError(f"Run '{run.name}' has no finished model; resume it first, or name another one.")
        return str((run / "out" / MODEL).resolve())
    return str(Path(model).resolve()) if Path(model_name(model)).is_dir() else model
