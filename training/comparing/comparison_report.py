"""A comparison to be sent: CSV, Markdown, or one HTML file that needs nothing else and loads nothing from anywhere."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from curation.errors import UserError
from curation.runs import replace_text
from training.comparing.compare import Against, against, left_out, verdict
from training.comparing.comparison_chart import chart
from training.comparing.evaluations import Evaluation
from training.comparing.matrix import Row, matrix
from training.comparing.scoreboard import Line, cleanliness, scoreboard
from training.comparing.statistics import Correction

PAGE = Path(__file__).with_name("comparison_report.html")
CORRECTIONS: dict[Correction, str] = {
    "holm": "Holm's correction",
    "benjamini_hochberg": "the correction of Benjamini and Hochberg",
    "none": "no correction",
}
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of a comparison: the lines, each other student against the baseline, and every problem."""

    lines: list[Line]
    baseline: Evaluation
    against: list[Against]
    correction: Correction
    rows: list[Row]


def report(
    found: Sequence[Evaluation], baseline: Evaluation, how: Correction = "holm", price: float | None = None
) -> Report:
    """The comparison of evaluations, the others against the baseline."""
    others = [one for one in found if one.id != baseline.id]
    return Report(scoreboard(found, price), baseline, against(baseline, others, how), how, matrix(found))


def write(made: Report, path: Path) -> None:
    """Write the report as its name's ending says: .html, .md or .csv."""
    makers = {".html": to_html, ".md": to_markdown, ".csv": to_csv}
    if path.suffix not in makers:
        raise UserError(f"A comparison cannot be written to '{path.name}'; its name ends in {', '.join(makers)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, makers[path.suffix](made))


def to_csv(made: Report) -> str:
    """One row an evaluation, with its difference to the baseline; unknown is empty."""
    beside = {one.evaluation.id: one for one in made.against}
    rows = [{**_figures(line), **_difference(beside.get(line.id))} for line in made.lines]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _figures(line: Line) -> dict[str, Any]:
    values = line._asdict()
    return {"run": values.pop("id"), **{name: value for name, value in values.items() if name != "name"}}


def _difference(found: Against | None) -> dict[str, Any]:
    made = found.comparison if found else None
    return {
        "difference": made and made.difference,
        "difference_low": made and made.interval.low,
        "difference_high": made and made.interval.high,
        "compared": made and made.n,
        "test": made and made.test,
        "p_value": made and made.p_value,
        "p_corrected": found and found.corrected,
        "problems_needed": made and made.needed,
    }


def _plain(value: object) -> object:
    """A text that a spreadsheet would take for a formula is written as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def to_json(made: Report) -> str:
    """Lines and comparisons as JSON, for other programs."""
    compared = [
        {
            "run": one.evaluation.id,
            "refused": one.refused or None,
            "p_corrected": one.corrected,
            **(one.comparison.as_dict() if one.comparison else {}),
        }
        for one in made.against
    ]
    lines = [_figures(line) for line in made.lines]
    values = {"baseline": made.baseline.id, "correction": made.correction, "lines": lines, "comparisons": compared}
    return json.dumps(values) + "\n"


def to_markdown(made: Report) -> str:
    """Tables and sentences."""
    parts = [f"# {_title(made)}", "", *_table(*line_table(made.lines)), "", "## Against the baseline", "", about(made)]
    parts += ["", *[f"- **{_cell(one.evaluation.name)}**: {_cell(sentence(one))}" for one in made.against]]
    return "\n".join(parts) + "\n"


def to_html(made: Report) -> str:
    """One page in both themes, without scripts and without anything from elsewhere."""
    head, lines = line_table(made.lines)
    names = [f"{number}. {line.name}" for number, line in enumerate(made.lines, 1)]
    against_rows = [[one.evaluation.name, sentence(one)] for one in made.against]
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(_title(made)),
        lines=_html(head, lines),
        chart=chart(made.lines),
        about=escape(about(made)),
        against=_html(["Student", "Against the baseline"], against_rows),
        problems=_html(["Question", "Reference", "Subject", *names], [_problem(row) for row in made.rows]),
        count=f"{len(made.rows):,}",
    )


def line_table(lines: Sequence[Line]) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the students' table, as text; costs only where there is a price."""
    priced = any(line.cost is not None for line in lines)
    head = ["Student", "Strategy", "Seed", "Problems", "Accuracy, 95 % interval", "Tokens per answer",
            "Tokens per right answer", "No answer", "Trained on these problems", "Frontier"]  # fmt: skip
    rows = [_line(number, line) for number, line in enumerate(lines, 1)]
    if priced:
        head += ["Cost", "Cost per right answer"]
        rows = [
            [*row, _money(line.cost), _money(line.cost_per_correct)] for row, line in zip(rows, lines, strict=True)
        ]
    return head, rows


def _line(number: int, line: Line) -> list[str]:
    interval = "" if line.low is None or line.high is None else f" ({line.low:.1%} to {line.high:.1%})"
    attempts = f" x {line.attempts}" if line.attempts > 1 else ""
    return [
        f"{number}. {line.student}",
        line.strategy,
        str(line.seed),
        f"{line.n:,}{attempts}",
        f"{share(line.accuracy)}{interval}",
        _number(line.tokens),
        _number(line.tokens_per_correct),
        share(line.no_answer_rate),
        cleanliness(line),
        "yes" if line.on_frontier else "no",
    ]


def about(made: Report) -> str:
    """What the others are compared with, and how."""
    count = sum(one.comparison is not None for one in made.against)
    several = f"; p values of {count} comparisons with {CORRECTIONS[made.correction]}" if count > 1 else ""
    return f"The baseline is {made.baseline.name}. Problems are paired{several}."


def sentence(found: Against) -> str:
    """One student against the baseline, or why it cannot be compared."""
    if found.comparison is None:
        return found.refused
    return " ".join(filter(None, [verdict(found.comparison, found.corrected), left_out(found.comparison)]))


def share(value: float | None) -> str:
    """A share in per cent."""
    return UNKNOWN if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _money(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4g}"


def _title(made: Report) -> str:
    return f"Students on {', '.join(dict.fromkeys(line.benchmark for line in made.lines))}"


def _problem(row: Row) -> list[str]:
    marks = [
        "not asked" if answer is None else ("seen in training, " if seen else "") + mark(answer.right, answer.attempts)
        for answer, seen in zip(row.answers, row.trained_on, strict=True)
    ]
    return [row.question, row.reference or UNKNOWN, row.subject, *marks]


def mark(right: float, attempts: int) -> str:
    """Right or wrong; of several attempts how many are right."""
    if attempts > 1:
        return f"{right * attempts:.0f} of {attempts} right"
    return "right" if right else "wrong"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(_cell(text) for text in line) + " |" for line in lines]


def _cell(text: str) -> str:
    """Text that neither ends a cell nor is read as HTML or a link."""
    for sign in "\\|<>[]*_`":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def _html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(text)}</th>" for text in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"
