"""The parts of the bench by name, and running one: each figure is kept and said as soon as it is known."""

import importlib
import sys

from tests.bench.bench import Bench
from tests.bench.figures import Line, keep

PARTS = {
    "import": "importing",
    "browse": "browsing",
    "funnel": "funnel",
    "page": "browser",
    "annotate": "annotating",
    "recipe": "recipe",
    "near": "near_copies",
    "export": "exporting",
    "train": "train_speed",
    "serve": "backends",
}


def measure(part: str, bench: Bench) -> None:
    """Run a part; exit code 1 when a figure is not as asked."""
    figures = importlib.import_module(f"tests.bench.{PARTS[part]}").figures
    lines = [said(keep(figure)) for figure in figures(bench)]
    sys.exit(int(any(line.figure.met is False for line in lines)))


def said(line: Line) -> Line:
    """The line, written on standard output."""
    one = line.figure
    beside = f", {one.beside} {one.other:,.2f}, ratio {one.ratio:.2f}" if one.other and one.ratio is not None else ""
    asked = f" ({one.asked}: {'met' if one.met else 'missed'})" if one.asked else ""
    sys.stdout.write(f"{one.name}, {one.rows:,}: {one.value:,.2f} {one.unit}{beside}{asked}\n")
    sys.stdout.flush()
    return line
