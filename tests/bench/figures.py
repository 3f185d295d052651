"""What a bench found: a figure, what stands beside it, and what is asked of it; kept as lines of JSON."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

PROJECT = Path(__file__).resolve().parents[2]
KEPT = PROJECT / "artefacts" / "bench"  # every *.jsonl in it is read, so that runs of several machines merge


@dataclass(frozen=True)
class Figure:
    """One measure of so many rows; `asked` says "figure" or "ratio", "<=" or ">=", and a number."""

    name: str
    value: float
    unit: str
    rows: int
    beside: str = ""
    other: float | None = None
    asked: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure against what stands beside it."""
        return self.value / self.other if self.other else None

    @property
    def met(self) -> bool | None:
        """Whether it is as asked; None where nothing is."""
        if not self.asked:
            return None
        of, sign, bound = self.asked.split()
        value = {"figure": self.value, "ratio": self.ratio}[of]
        return value is not None and (value <= float(bound) if sign == "<=" else value >= float(bound))


@dataclass(frozen=True)
class Line:
    """A figure with where and when it was measured."""

    figure: Figure
    machine: str
    at: str
    load: float


def machine() -> str:
    """This machine in words."""
    return f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def keep(figure: Figure, folder: Path = KEPT) -> Line:
    """Append a figure to what was found here."""
    line = Line(figure, machine(), datetime.now().isoformat(timespec="minutes"), round(os.getloadavg()[0], 1))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "figures.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
    return line


def read(folder: Path = KEPT) -> list[Line]:
    """The newest line of each measure, size and machine, in the order in which they were first measured."""
    lines = (_line(json.loads(text)) for path in sorted(folder.glob("*.jsonl")) for text in _texts(path))
    newest: dict[tuple[str, int, str], Line] = {}
    for line in lines:
        key = (line.figure.name, line.figure.rows, line.machine)
        if key not in newest or newest[key].at <= line.at:
            newest[key] = line
    return list(newest.values())


def _texts(path: Path) -> Iterator[str]:
    return (text for text in path.read_text(encoding="utf-8").split("\n") if text)


def _line(values: dict[str, Any]) -> Line:
    return Line(**{**values, "figure": Figure(**values["figure"])})
