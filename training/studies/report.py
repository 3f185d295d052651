"""What a study leaves to be read elsewhere: study.json, table.md and chart.svg."""

import json
from collections.abc import Sequence
from pathlib import Path

from curation.runs import replace_text
from training.studies.chart import chart
from training.studies.results import Outcome, plain
from training.studies.study import Study

COLUMNS = (
    "accuracy, 95 % interval",
    "against the first row",
    "each seed",
    "tokens per answer",
    "tokens per correct",
    "no answer",
    "rows",
    "trained tokens",
    "seconds",
)


def write(study: Study, axes: Sequence[str], found: Sequence[Outcome], out: Path) -> None:
    """Write study.json, table.md and chart.svg."""
    out.mkdir(parents=True, exist_ok=True)
    replace_text(out / "study.json", json.dumps({**plain(study, found), "axes": list(axes)}, indent=1))
    replace_text(out / "table.md", table(axes, found))
    bars = [(", ".join(one.labels) or study.name, one.accuracy, one.low, one.high, one.accuracies) for one in found]
    against = f" against {', '.join(axes)}" if axes else ""
    replace_text(out / "chart.svg", chart(bars, f"Accuracy on {Path(study.benchmark).stem}{against}"))


def table(axes: Sequence[str], found: Sequence[Outcome]) -> str:
    """The outcomes as a Markdown table."""
    names = [name.replace("|", "/") for name in axes]
    lines = [_line([*names, *COLUMNS]), _line(["---"] * (len(names) + len(COLUMNS)))]
    return "\n".join([*lines, *(_line([*one.labels, *_cells(one)]) for one in found)]) + "\n"


def _cells(one: Outcome) -> list[str]:
    seconds = one.evaluate_seconds + (one.train_seconds or 0)
    return [
        f"**{one.accuracy:.2f}** {one.low:.2f} to {one.high:.2f}",
        one.against_first(),
        " ".join(f"{value:.2f}" for value in one.accuracies),
        f"{one.tokens_per_answer:.0f}",
        _number(one.tokens_per_correct),
        f"{one.no_answer_rate:.1%}",
        _number(one.rows),
        _number(one.train_tokens),
        f"{seconds:.0f}",
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
