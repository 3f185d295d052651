import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worlds import sum_trace

from curation.benchmarks import items
from curation.comparing.overlap import Index
from curation.connection import BASE
from curation.runs import create
from curation.trace import Problem, Trace
from training.comparing.contamination import SHARE, WORDS, Seen, overlapping, report, seen, training_sets
from training.launch import train_request
from training.objectives.sft import Sft
from training.student import Student, resolve

LONG = "Ana has 12 red beads and 7 blue beads in a box. She gives 3 beads to Ben. How many beads has Ana now?"
NEAR = f"Please solve this: {LONG.replace('has Ana now', 'does Ana have then')}"  # most runs of 8 words are the same
NUMBERS = LONG.replace("12", "15")
OTHER = "A train leaves the city at noon and drives for three hours at 80 kilometres an hour. How far does it come?"


def trained_on(tmp_path, curated, parent=None):
    """A student as a finished train run on a set leaves it."""
    student = parent or Student("tiny", "/models/tiny")
    run = create(tmp_path / "runs", train_request(curated, Sft(), student))
    (run.out / "model").mkdir()
    ids = {trace.problem.id for trace in curated.traces()} | (student.problems() or frozenset())
    pq.write_table(pa.table({"problem_id": sorted(ids)}), run.out / "problems.parquet")
    return resolve(run.id, tmp_path / "runs")


def trace(question):
    return Trace(Problem(question, "1"), "r", "1")


def test_a_copy_is_trained_on_and_a_near_copy_overlaps(tmp_path, make_set):
    student = trained_on(tmp_path, make_set([trace(OTHER), trace(NEAR)], "mixed"))
    problems = [Problem(LONG, "16"), Problem(OTHER, "240"), Problem("What is 1 + 1?", "2")]
    assert seen(student, problems) == Seen(frozenset({problems[1].id}), frozenset({problems[0].id}), ("mixed",))


def test_a_clean_pair_is_reported_clean(tmp_path, make_set):
    student = trained_on(tmp_path, make_set([trace(LONG)]))
    assert seen(student, [Problem(OTHER, "240"), Problem(NUMBERS, "19")]) == Seen(frozenset(), frozenset(), ("sums",))


def test_the_sets_of_the_students_it_was_trained_from_count_too(tmp_path, make_set):
    first = trained_on(tmp_path, make_set([trace(NEAR)], "first"))
    second = trained_on(tmp_path, make_set([trace(OTHER)], "second"), first)
    assert [folder.name for folder in training_sets(second)] == ["second", "first"]
    assert seen(second, [Problem(LONG, "16")]).overlapping == {Problem(LONG).id}


def test_of_a_student_trained_elsewhere_nothing_is_known(tmp_path):
    assert seen(resolve(BASE, tmp_path), [Problem(LONG)]) == Seen(None, None, ())


def test_a_set_that_is_gone_leaves_near_copies_unknown(tmp_path, make_set):
    curated = make_set([trace(OTHER)])
    student = trained_on(tmp_path, curated)
    (curated.folder / "manifest.json").unlink()
    assert seen(student, [Problem(OTHER)]) == Seen(frozenset({Problem(OTHER).id}), None, ("sums",))


def test_one_question_trained_on_may_hold_several_problems(make_set):
    problems = [Problem(LONG), Problem(OTHER), Problem("What is 5 + 6?")]
    found = overlapping(make_set([trace(f"{LONG} {OTHER}")]), problems)
    assert found == {problems[0].id, problems[1].id}


def test_the_answer_is_kept_beside_the_set_for_each_benchmark(make_set):
    curated, problems = make_set([trace(NEAR)]), [Problem(LONG)]
    first = overlapping(curated, problems)
    (kept,) = (curated.folder / "checked").iterdir()
    assert json.loads(kept.read_text())["overlapping"] == [problems[0].id]
    kept.write_text(json.dumps({"overlapping": ["kept"]}))
    assert (first, overlapping(curated, problems)) == ({problems[0].id}, {"kept"})
    assert overlapping(curated, [*problems, Problem(OTHER)]) == {problems[0].id}


def test_the_report_gives_ids_and_the_scores_of_the_clean_rest():
    table = pa.table({"problem_id": ["a", "b", "c", "a"], "correct": [True, False, True, True]})
    whole = Seen(frozenset({"a", "z"}), frozenset({"b"}), ("set",))
    assert report(table, whole, lambda rows: {"right": rows["correct"].to_pylist()}) == {
        "contaminated": 1,
        "overlapping": 1,
        "contaminated_ids": ["a"],
        "overlapping_ids": ["b"],
        "checked_sets": ["set"],
        "clean": {"right": [True]},
    }


@pytest.mark.parametrize(("whole", "count"), [(Seen(), None), (Seen(frozenset(), frozenset(), ("set",)), 0)])
def test_unknown_and_clean_are_told_apart(whole, count):
    found = report(pa.table({"problem_id": ["a"]}), whole, lambda rows: {})
    assert (found["contaminated"], found["overlapping"], found["clean"]) == (count, count, None)


def test_short_sums_with_other_numbers_do_not_overlap(tmp_path, make_set):
    student = trained_on(tmp_path, make_set([sum_trace(n, n + 1) for n in range(20)]))
    assert seen(student, [Problem("What is 40 + 41?")]).overlapping == frozenset()


def test_a_set_that_cannot_be_written_to_is_looked_through_all_the_same(make_set):
    curated, problems = make_set([trace(NEAR)]), [Problem(LONG)]
    (curated.folder / "checked").write_text("in the way")
    assert overlapping(curated, problems) == overlapping(curated, problems) == {problems[0].id}


def test_of_gsm8ks_questions_those_with_a_word_put_in_are_found_and_no_training_question():
    folder = Path(__file__).resolve().parents[3] / "../shared/data/gsm8k_full"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    files = (folder / "test.jsonl.gz", folder / "train.jsonl.gz")
    asked, trained = ([item.problem.question for item in items(path)] for path in files)
    index, rng = Index(asked, WORDS, "same"), random.Random(0)
    edited = [put_in(rng, question.split(" ")) for question in asked]
    found = sum(place in index.holding(question, SHARE) for place, question in enumerate(edited))
    assert (found, len(asked)) == (1312, 1319)
    assert [question for question in trained if index.holding(question, SHARE)] == []


def put_in(rng, words):
    place = rng.randrange(1, len(words))
    return " ".join([*words[:place], "then", *words[place:]])
