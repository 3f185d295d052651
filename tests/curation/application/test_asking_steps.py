"""Steps that ask models: what the engine hands them, and what a preview does."""

from typing import Literal

import pytest

from curation.application.sources import Parts
from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter
from curation.backends.scripted import Scripted
from curation.engine import apply
from curation.errors import UserError
from curation.models import Request, ask
from curation.operator import Annotation, Annotator, Dropped, Failure, Mapper
from curation.prompting.replies import unusable
from curation.table import to_table, write_part
from curation.trace import Problem, Trace, derive


class Grade(Annotator):
    """Ask for a grade."""

    op: Literal["grade"] = "grade"

    def asks(self):
        return ("teacher",)

    def adds(self):
        return {"grade": "category"}

    def annotate_with(self, traces, asker):
        requests = [Request(ask(trace.question)) for trace in traces]
        found = asker.complete("teacher", requests, [trace.id for trace in traces])
        return [
            Failure(trace.id, reason) if (reason := unusable(one)) else Annotation({"grade": one.text})
            for trace, one in zip(traces, found, strict=True)
        ]


class Repeat(Mapper):
    """Ask for another reasoning."""

    op: Literal["repeat"] = "repeat"

    def asks(self):
        return ("teacher",)

    def map_with(self, traces, asker):
        requests = [Request(ask(trace.question)) for trace in traces]
        found = asker.complete("teacher", requests, [trace.id for trace in traces])
        return [
            [derive(trace, reasoning=one.text)] if one.text else Dropped(trace.id, "nothing was said")
            for trace, one in zip(traces, found, strict=True)
        ]


def source(tmp_path):
    path = tmp_path / "in" / "part-00000.parquet"
    write_part(to_table([Trace(Problem(name), "r") for name in ("a", "b", "c")]), path)
    return Parts([path])


def asker(tmp_path, answers):
    opened = Opened(Scripted(answers), "teacher")
    return Asker(lambda name: opened, AnswerBook(tmp_path / "answers.sqlite"), Meter(tmp_path / "usage.jsonl"))


def test_a_step_is_handed_the_models_it_asks(tmp_path):
    made = asker(tmp_path, {"a": "1", "b": "", "c": "3"})
    with apply([Grade(), Repeat()], source(tmp_path), tmp_path / "out", asker=made) as result:
        assert result.reports[0].failed == 1
        assert (result.reports[1].rows, result.reports[1].reasons) == (2, {"nothing was said": 1})
    assert made.meter.totals.answers == 6
    assert made.step == "2. repeat"


def test_without_an_asker_a_step_that_asks_is_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"Step 1 \(grade\) asks teacher, which a preview does not do"):
        apply([Grade()], source(tmp_path), tmp_path / "out")


def test_a_step_on_which_most_rows_fail_is_told(tmp_path):
    made = asker(tmp_path, {"a": "1", "b": "", "c": ""})
    with pytest.raises(UserError, match=r"failed on 2 of 3 rows \(67%; the limit is 50%\)"):
        apply([Grade()], source(tmp_path), tmp_path / "out", asker=made)
