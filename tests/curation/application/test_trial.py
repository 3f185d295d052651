"""A step applied to a few traces with a scripted model."""

import json
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.application.trial import PACE, SCORES, TRACES, VERDICTS, write_trial
from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.models import Request, ask
from curation.operator import CorpusAnnotator
from curation.trace import Problem, Trace, derive
from tests.curation.application.test_asking_steps import Grade, Repeat

TRACES_TRIED = [Trace(Problem(name), "r") for name in ("a", "b", "c")]
ROWS = pa.table({"id": [trace.id for trace in TRACES_TRIED], "pass_rate": [0.5, None, 1.0]})


@pytest.fixture
def asker(tmp_path):
    opened = Opened(Scripted({"a": "1", "b": "", "c": ""}), "teacher", Price(1.0, 2.0))
    return Asker(lambda name: opened, AnswerBook(tmp_path / "answers.sqlite"), Meter(tmp_path / "usage.jsonl"))


def test_a_mapper_leaves_verdicts_and_what_it_made_though_most_rows_are_rejected(tmp_path, asker):
    write_trial(Repeat(), TRACES_TRIED, ROWS, asker, tmp_path)
    rows = pq.read_table(tmp_path / VERDICTS).to_pylist()
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("changed", None),
        ("dropped", "nothing was said"),
        ("dropped", "nothing was said"),
    ]
    assert pq.read_table(tmp_path / TRACES)["reasoning"].to_pylist() == ["1"]


def test_an_annotator_leaves_scores_and_why_rows_failed_though_most_did(tmp_path, asker):
    write_trial(Grade(), TRACES_TRIED, ROWS, asker, tmp_path)
    rows = pq.read_table(tmp_path / SCORES).to_pylist()
    assert [row["grade"] for row in rows] == ["1", None, None]
    assert rows[1]["failure"] == "empty: the model wrote nothing"


def test_prices_and_pace_are_noted_for_an_estimate(tmp_path, asker):
    write_trial(Grade(), TRACES_TRIED, ROWS, asker, tmp_path)
    found = json.loads((tmp_path / PACE).read_text())
    assert found["prices"] == {"teacher": [1.0, 2.0]}
    assert found["seconds"] >= 0
    assert {json.loads(line)["step"] for line in (tmp_path / "usage.jsonl").read_text().splitlines()} == {"grade"}


class Lengthen(Repeat):
    """Repeat as often as is known."""

    op: Literal["lengthen"] = "lengthen"

    def needs(self):
        return ("pass_rate",)

    def map_known(self, traces, asker, known):
        return [[derive(trace, reasoning=str(known[trace.id]["pass_rate"]))] for trace in traces]


class Rank(CorpusAnnotator):
    """Ask who of all rows is first."""

    op: Literal["rank"] = "rank"
    sketch_type = pa.string()

    def asks(self):
        return ("teacher",)

    def adds(self):
        return {"first": "flag"}

    def sketch(self, trace):
        if trace.question == "c":
            raise ValueError("no name")
        return trace.question

    def conclude(self, rows):
        raise TypeError("asks")

    def conclude_with(self, rows, asker):
        (found,) = asker.complete("teacher", [Request(ask("a"))], rows["id"].to_pylist()[:1])
        flags = [None if name is None else (name == "a") == (found.text == "1") for name in rows["sketch"].to_pylist()]
        return pa.table({"id": rows["id"], "first": pa.array(flags, pa.bool_())})


def test_a_mapper_is_handed_the_scores_it_reads(tmp_path, asker):
    write_trial(Lengthen(), TRACES_TRIED, ROWS, asker, tmp_path)
    assert pq.read_table(tmp_path / TRACES)["reasoning"].to_pylist() == ["0.5", "None", "1.0"]


def test_rows_are_compared_with_each_other_by_a_model(tmp_path, asker):
    write_trial(Rank(), TRACES_TRIED, ROWS, asker, tmp_path)
    rows = pq.read_table(tmp_path / SCORES).to_pylist()
    assert [row["first"] for row in rows] == [True, False, None]
    assert [row["failure"] for row in rows] == [None, None, "ValueError: no name"]
