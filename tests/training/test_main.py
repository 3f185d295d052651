import json
import os
import subprocess
import sys

import pytest
from worlds import sums

from curation.console import main
from curation.runs import PROJECT, all_runs
from training.__main__ import command


def run(*given):
    return main(lambda: command([str(part) for part in given]))


def test_a_student_is_trained_evaluated_and_compared(make_set, make_benchmark, student_folder, tmp_path, capsys):
    make_set(sums(20))
    bench = make_benchmark([{"question": "1 + 1?", "answer": "2"}, {"question": "2 + 2?", "answer": "4"}])
    given = ["--workspace", tmp_path, "--json"]
    assert run("train", "sums", "--student", student_folder, "--max-train-tokens", 500, "--seed", 4, *given) == 0
    trained = json.loads(capsys.readouterr().out)
    assert (trained["seed"], trained["objective"]["max_train_tokens"]) == (4, 500)
    flags = ["--benchmark", bench, "--max-new-tokens", 2]
    assert run("evaluate", trained["run"], *flags, *given) == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert (evaluated["student"], evaluated["n"]) == (trained["run"], 2)
    assert run("compare", evaluated["run"], evaluated["run"], *given) == 0
    assert json.loads(capsys.readouterr().out)["agreement"]["neither"] == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["train", "nothing"], "There is no curated set 'nothing'"),
        (["train", "sums", "--student", "nope"], "There is no student 'nope'; known: base"),
        (["train", "sums", "--objective", "magic"], "Unknown objective 'magic'; known: "),
        (["train", "sums", "--max-length", "0"], "sft.max_length: input should be greater than or equal to 1"),
        (["evaluate", "base", "--benchmark", "nope"], "There is no benchmark 'nope'"),
        (["evaluate", "base", "--benchmark", "nope", "--strategy", "luck"], "Unknown strategy 'luck'; known: greedy"),
        (["compare", "a", "b"], "There is no run 'a'; runs: none yet"),
        (["resume", "a"], "There is no run 'a'; runs: none yet"),
    ],
)
def test_a_wrong_request_ends_with_2_one_line_and_no_run(given, message, make_set, tmp_path, capsys):
    make_set(sums(2))
    assert run(*given, "--workspace", tmp_path) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert all_runs(tmp_path / "runs") == []


def test_the_module_exits_with_2():
    command = [sys.executable, "-m", "training", "compare", "a", "b", "--workspace", "nowhere"]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no run 'a'")
