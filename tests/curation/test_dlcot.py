"""The shipped recipe of DLCoT with a scripted teacher."""

import json

import pytest

from curation.application.sources import Parts
from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter
from curation.backends.scripted import Scripted
from curation.engine import apply
from curation.recipe import SHIPPED, Recipe
from curation.table import to_table, write_part
from curation.trace import Problem, Trace

SENTENCES = [
    "What is 2 and 3?\n\n",
    "Add: 2 + 3 = 5.\n\n",
    "Count: 3, 4, 5.\n\n",
    "Add again: 2 + 3 = 5.\n\n",
    "So 5.",
]
KINDS = ("restate", "attempt", "attempt", "check", "answer")
PARTS = {"parts": [{"kind": kind, "from": number} for number, kind in enumerate(KINDS, 1)]}


def teacher(request):
    """Splits by sentence, groups the check with the first solution, and finds those of "odd" wrong."""
    text = request.prompt[0]["content"]
    if "Sentences:" in text:
        return "What would you like me to split?" if "mute" in text else json.dumps(PARTS)
    if "Remarks:" in text:
        return '{"needs": 0}'
    if "Group those" in text:
        return '{"groups": [[1, 3], [2]]}'
    label = "incorrect" if "odd" in text else "correct"
    return json.dumps({"solutions": [{"n": n, "label": label, "error": ""} for n in (1, 2)]})


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in" / "part-00000.parquet"
    texts = {name: "".join(SENTENCES) for name in ("plain", "odd", "mute")}
    write_part(to_table([Trace(Problem(name, "5"), text, "5") for name, text in texts.items()]), path)
    return Parts([path])


def applied(tmp_path, source, model, scratch):
    opened = Opened(model, "teacher")
    asker = Asker(lambda name: opened, AnswerBook(tmp_path / "answers.sqlite"), Meter(), scratch)
    with apply(Recipe.load(SHIPPED / "dlcot.yaml").steps, source, tmp_path / scratch, asker=asker) as result:
        kept = {trace.question: trace.reasoning for batch in result.traces() for trace in batch}
        return kept, [report.reasons for report in result.reports if report.reasons], asker.meter.totals


def test_repeated_checks_go_and_what_cannot_be_split_or_is_never_right_is_left_out_with_its_reason(tmp_path, source):
    kept, reasons, _ = applied(tmp_path, source, Scripted(teacher), "out")
    assert kept == {"plain": "".join(SENTENCES[:3] + SENTENCES[4:])}
    assert reasons == [
        {"split_verdict is not accepted or repaired or not repaired": 1},
        {"no solution is correct": 1},
    ]


def test_what_the_measuring_steps_were_told_costs_the_dropping_step_nothing(tmp_path, source):
    model = Scripted(teacher)
    _, _, totals = applied(tmp_path, source, model, "out")
    assert len(model.asked) == 3 + 2 + 2 + 2  # splits, repairs, groups, labels
    assert (totals.answers, totals.kept) == (9 + 4, 4)
    assert applied(tmp_path, source, Scripted([]), "again")[2].cost == 0.0
