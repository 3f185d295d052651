import json

import pyarrow.parquet as pq
import pytest

from curation.connection import BASE_FOLDER, CONNECTIONS, write
from curation.errors import UserError
from curation.job import Job
from curation.runs import create
from curation.trace import Problem, Trace
from training.evaluate import evaluate
from training.launch import evaluate_request, train_request
from training.objectives.sft import Sft
from training.strategies.greedy import Greedy
from training.student import Student, resolve


def test_base_is_the_shipped_student(tmp_path):
    assert resolve("base", tmp_path) == Student("base", str(BASE_FOLDER))


def test_a_folder_with_a_model_is_a_student(student_folder, tmp_path):
    assert resolve(str(student_folder), tmp_path) == Student("tiny", str(student_folder))


def test_a_name_of_owner_and_model_is_left_to_the_hub(tmp_path):
    assert resolve("someone/small-model", tmp_path) == Student("someone/small-model", "someone/small-model")


def test_a_finished_train_run_is_a_student_by_id_and_by_folder(make_train_run, tmp_path):
    run = make_train_run()
    (run.out / "model").mkdir()
    wanted = Student(run.id, str(run.out / "model"), run.folder)
    assert resolve(run.id, tmp_path / "runs") == resolve(str(run.folder), tmp_path / "elsewhere") == wanted


def test_an_unfinished_train_run_is_refused(make_train_run, tmp_path):
    run = make_train_run()
    with pytest.raises(UserError, match=f"Run '{run.id}' has no finished model: it is lost; resume it first"):
        resolve(run.id, tmp_path / "runs")


def test_an_evaluate_run_is_no_student(student_folder, make_benchmark, tmp_path):
    path = make_benchmark([{"question": "q", "answer": "1"}])
    request = evaluate_request(Student("tiny", str(student_folder)), str(path), Greedy())
    run = create(tmp_path / "runs", request)
    with pytest.raises(UserError, match="is of kind evaluate, so it holds no student"):
        resolve(run.id, tmp_path / "runs")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"holds no model: config\.json is missing"):
        resolve(str(tmp_path), tmp_path / "runs")


def test_an_unknown_name_lists_what_is_known(make_train_run, tmp_path):
    run = make_train_run()
    (run.out / "model").mkdir()
    with pytest.raises(UserError, match=f"There is no student 'nope'; known: base, {run.id}, the folder"):
        resolve("nope", tmp_path / "runs")


def test_an_adapter_folder_is_a_student_on_its_own_model(student_folder, tmp_path):
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(student_folder)}))
    assert resolve(str(folder), tmp_path) == Student("adapter", str(student_folder), adapter=folder)


def test_a_student_is_read_back_from_the_inputs_of_a_run(tmp_path):
    student = Student("x", "owner/x", tmp_path / "run", tmp_path / "adapter")
    assert Student.from_inputs(student.as_inputs()) == student


def test_a_connection_is_a_student_that_is_asked_and_not_trained(make_set, tmp_path):
    write(tmp_path, {"small": CONNECTIONS.parse({"backend": "transformers", "model": "base"})})
    student = resolve("small", tmp_path / "runs")
    assert student == Student("small", "small", connection="small")
    assert Student.from_inputs(student.as_inputs()) == student
    with pytest.raises(UserError, match="gives no weights to train"):
        train_request(make_set([Trace(Problem("1 + 1?", "2"), "It is 2.")]), Sft(), student)


def test_a_connection_is_evaluated_like_the_model_behind_it(make_benchmark, tmp_path):
    write(tmp_path, {"small": CONNECTIONS.parse({"backend": "transformers", "model": "base"})})
    path = make_benchmark([{"question": "What is 3 + 4?", "answer": "7"}])
    outputs = []
    for name in ("small", "base"):
        student = resolve(name, tmp_path / "runs")
        run = create(tmp_path / "runs", evaluate_request(student, str(path), Greedy(max_new_tokens=8)))
        evaluate(Job(run))
        outputs.append(pq.read_table(run.out / "samples.parquet")["output"].to_pylist())
    assert outputs[0] == outputs[1]
