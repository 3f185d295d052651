"""RESULTS.md: every measure as one table a machine, the newest figure of each size; costs per row are compared."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Figure, Line

RESULTS = Path(__file__).with_name("RESULTS.md")
COST_OF = "a row's cost, "
COST = "figure <= 1.2"  # of a row among many, against one among few
HEAD = """# What Winnow takes

Written by `make bench`; `make bench SIZE=1000000 PARTS="import browse"` measures some parts at another size, and the
newest figure of each measure and size stays. A ratio is the figure against what stands beside it, measured on the same
files in the same run: the limit (DuckDB or the disk alone) or a peer. Traces are those of `tests/bench/traces.py`,
about 5,000 characters each.
"""
TABLE = """
## {machine}

| measure | traces | figure | beside it | ratio | asked | met | measured |
|---|---|---|---|---|---|---|---|
"""


def render(lines: Sequence[Line]) -> str:
    """The page of these lines."""
    machines = dict.fromkeys(line.machine for line in lines)
    return HEAD + "".join(_table(machine, [line for line in lines if line.machine == machine]) for machine in machines)


def _table(machine: str, lines: Sequence[Line]) -> str:
    names = list(dict.fromkeys(line.figure.name for line in lines))
    place = {name: number for number, name in enumerate(names)}

    def order(line: Line) -> tuple[int, bool, int]:
        return place[_name(line)], line.figure.name not in place, _size(line)

    rows = sorted([*lines, *costs(lines)], key=order)
    return TABLE.format(machine=machine) + "".join(_row(line) for line in rows)


def _name(line: Line) -> str:
    return line.figure.name.removeprefix(COST_OF)


def costs(lines: Sequence[Line]) -> list[Line]:
    """Of every pace measured at several sizes what a row costs at the largest, against the smallest."""
    found = []
    paces = (
        line.figure.name for line in lines if line.figure.unit == "traces/s" and " against " not in line.figure.name
    )
    for name in dict.fromkeys(paces):
        same = [line for line in lines if line.figure.name == name]
        few, many = min(same, key=_size), max(same, key=_size)
        if few.figure.rows < many.figure.rows:
            cost = few.figure.value / many.figure.value
            unit = f"x that among {few.figure.rows:,}"
            figure = Figure(f"{COST_OF}{name}", cost, unit, many.figure.rows, asked=COST)
            found.append(Line(figure, many.machine, many.at, many.load))
    return found


def _size(line: Line) -> int:
    return line.figure.rows


def _row(line: Line) -> str:
    one = line.figure
    beside = f"{one.beside}: {_number(one.other)}" if one.other is not None else one.beside
    ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
    met = {None: "", True: "yes", False: "**no**"}[one.met]
    cells = [one.name, f"{one.rows:,}", f"{_number(one.value)} {one.unit}", beside, ratio, one.asked, met]
    return f"| {' | '.join([*cells, f'{line.at}, load {line.load}'])} |\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
