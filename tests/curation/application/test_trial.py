"""A step applied to a few traces with a scripted model."""

import json

import pyarrow.parquet as pq
import pytest

from curation.application.trial import PACE, SCORES, TRACES, VERDICTS, write_trial
from curation.asker import Asker, Opened
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter, Price
from curation.backends.scripted import Scripted
from curation.trace import Problem, Trace
from tests.curation.application.test_asking_steps import Grade, Repeat

TRACES_TRIED = [Trace(Problem(name), "r") for name in ("a", "b", "c")]


@pytest.fixture
def asker(tmp_path):
    opened = Opened(Scripted({"a": "1", "b": "", "c": ""}), "teacher", Price(1.0, 2.0))
    return Asker(lambda name: opened, AnswerBook(tmp_path / "answers.sqlite"), Meter(tmp_path / "usage.jsonl"))


def test_a_mapper_leaves_verdicts_and_what_it_made_though_most_rows_are_rejected(tmp_path, asker):
    write_trial(Repeat(), TRACES_TRIED, asker, tmp_path)
    rows = pq.read_table(tmp_path / VERDICTS).to_pylist()
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("changed", None),
        ("dropped", "nothing was said"),
        ("dropped", "nothing was said"),
    ]
    assert pq.read_table(tmp_path / TRACES)["reasoning"].to_pylist() == ["1"]


def test_an_annotator_leaves_scores_and_why_rows_failed_though_most_did(tmp_path, asker):
    write_trial(Grade(), TRACES_TRIED, asker, tmp_path)
    rows = pq.read_table(tmp_path / SCORES).to_pylist()
    assert [row["grade"] for row in rows] == ["1", None, None]
    assert rows[1]["failure"] == "empty: the model wrote nothing"


def test_prices_and_pace_are_noted_for_an_estimate(tmp_path, asker):
    write_trial(Grade(), TRACES_TRIED, asker, tmp_path)
    found = json.loads((tmp_path / PACE).read_text())
    assert found["prices"] == {"teacher": [1.0, 2.0]}
    assert found["seconds"] >= 0
    assert {json.loads(line)["step"] for line in (tmp_path / "usage.jsonl").read_text().splitlines()} == {"grade"}
