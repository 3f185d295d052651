import json
import random
import re
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.operators.drop_contaminated import DropContaminated
from curation.operators.find_contamination import FindContamination
from tests.curation.operators.deciding import Row, decided

QUESTIONS = [
    "A farmer has 12 hens and each hen lays 5 eggs a week, how many eggs are there in 3 weeks?",
    "Mia reads 20 pages a day and Leo reads twice as many, how many pages do they read in a week?",
]


@pytest.fixture
def bench(tmp_path: Path) -> str:
    """The path of a benchmark of two questions."""
    path = tmp_path / "farm.jsonl"
    path.write_text("".join(json.dumps({"question": question}) + "\n" for question in QUESTIONS))
    return str(path)


def found(step: FindContamination, trace) -> tuple:
    return tuple(step.annotate(trace).scores.values())


def test_a_question_of_the_benchmark_is_named_by_file_and_row(bench, make_trace):
    step = FindContamination(benchmarks=[bench])
    assert found(step, make_trace(question=f"Please solve: {QUESTIONS[1].upper()}")) == (True, 1.0, "farm:2")
    assert found(step, make_trace(question="How long is the way from here to the sea on foot?")) == (False, 0.0, None)


def test_the_reasoning_counts_only_where_asked(bench, make_trace):
    trace = make_trace(
        f"I recall the test. {QUESTIONS[0]} So 180.", question="Another question altogether, is it not?"
    )
    assert found(FindContamination(benchmarks=[bench]), trace) == (False, 0.0, None)
    both = FindContamination(benchmarks=[bench], texts="question_and_reasoning")
    assert found(both, trace) == (True, 1.0, "farm:1")


def test_other_numbers_make_another_question_unless_any_will_do(bench, make_trace):
    changed = make_trace(question=QUESTIONS[0].replace("12", "13"))
    assert found(FindContamination(benchmarks=[bench]), changed) == (False, 0.0, None)
    assert found(FindContamination(benchmarks=[bench], numbers="any"), changed) == (True, 1.0, "farm:1")


def test_a_part_below_the_minimum_is_measured_but_not_flagged(bench, make_trace):
    half = make_trace(question="A farmer has 12 hens and each hen lays 5 eggs a week, what do they eat?")
    step = FindContamination(benchmarks=[bench], n=5)
    assert found(step, half) == (False, pytest.approx(9 / 17), None)
    assert found(step.model_copy(update={"minimum": 0.5}), half) == (True, pytest.approx(9 / 17), "farm:1")


def test_another_file_of_the_same_name_is_another_key(bench):
    step = FindContamination(benchmarks=[bench])
    before = step.key()
    Path(bench).write_text('{"question": "Why?"}\n')
    assert step.key() != before
    assert step.key().startswith("find_contamination_")


def test_a_missing_benchmark_is_named():
    with pytest.raises(UserError, match="There is no benchmark 'gsm9k'"):
        FindContamination(benchmarks=["gsm9k"]).key()


def test_flagged_and_unchecked_traces_are_dropped():
    rows = [("a", True, 0.8), ("b", False, 0.3), ("c", None, None), ("d", True, 1.0)]
    assert decided(DropContaminated(), "id, contaminated, contamination", *rows) == [
        Row("a", 0.8, 0.8, "repeats a benchmark question", None),
        Row("b", 0.3, 0.8, None, None),
        Row("c", None, 0.8, "contaminated is unknown", None),
        Row("d", 1.0, 0.8, "repeats a benchmark question", None),
    ]


def test_every_planted_question_of_a_real_benchmark_is_found_and_no_other(shared_rows, tmp_path, make_trace):
    asked = [row["question"] for row in shared_rows("gsm8k_full/test.jsonl.gz")]
    path = tmp_path / "gsm8k_test.jsonl"
    path.write_text("".join(json.dumps({"question": question}) + "\n" for question in asked))
    step, chance = FindContamination(benchmarks=[str(path)]), random.Random(7)
    clean = [row["question"] for row in shared_rows("gsm8k_full/train.jsonl.gz")[:1000]]
    planted = [f"Question:\n**{question.upper()}**\nAnswer:" for question in asked[:500]]
    assert [found(step, make_trace(question=text)) for text in clean] == [
        (False, pytest.approx(0, abs=0.2), None)
    ] * 1000
    assert [found(step, make_trace(question=text))[2] for text in planted] == [
        f"gsm8k_test:{n}" for n in range(1, 501)
    ]
    with_digits = [text for text in asked[:500] if re.search(r"\d", text)]
    other = [re.sub(r"\d+", lambda number: str(int(number[0]) + chance.randint(1, 9)), text) for text in with_digits]
    assert sum(found(step, make_trace(question=text))[0] for text in other) == 0
