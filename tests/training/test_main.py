import json
import os
import shutil
import subprocess
import sys

import pytest
from worlds import sums

from curation.console import main
from curation.runs import PROJECT, all_runs
from training.__main__ import command
from training.objective import OBJECTIVES


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
    first, twin, out = evaluated["run"], f"{evaluated['run'][:-4]}twin", tmp_path / "told" / "report.html"
    shutil.copytree(tmp_path / "runs" / first, tmp_path / "runs" / twin)
    assert run("compare", twin, first, "--out", out, *given) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["baseline"], made["comparisons"][0]["agreement"]["neither"]) == (twin, 2)
    assert "Students on bench" in out.read_text()
    assert run("compare", twin, first, "--workspace", tmp_path) == 0
    assert "## Against the baseline" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["train", "nothing"], "There is no curated set 'nothing'"),
        (["train", "sums", "--student", "nope"], "There is no student 'nope'; known: base"),
        (["train", "sums", "--objective", "magic"], "Unknown objective 'magic'; known: "),
        (["train", "sums", "--max-length", "0"], "sft.max_length: input should be greater than or equal to 1"),
        (["evaluate", "base", "--benchmark", "nope"], "There is no benchmark 'nope'"),
        (
            ["evaluate", "base", "--benchmark", "nope", "--strategy", "luck"],
            "Unknown strategy 'luck'; known: best_of_n, ",
        ),
        (["train", "sums", "--machines", "gpu1"], "Several machines are at least two, not gpu1"),
        (["train", "sums", "--machines", "gpu1,gpu2"], "1 processes cannot be shared evenly by 2 machines"),
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


@pytest.mark.parametrize("name", list(OBJECTIVES.members))
def test_help_names_every_setting_of_an_objective(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        run("train", "--objective", name, "--help")
    said = capsys.readouterr().out
    flags = [f"--{field.replace('_', '-')}" for field in OBJECTIVES.get(name).model_fields if field != "objective"]
    assert [flag for flag in [*flags, "--processes", "--seed", "--student"] if flag not in said] == []


def test_settings_of_measuring_and_of_several_gpus_reach_the_run(make_set, student_folder, tmp_path):
    make_set(sums(4))
    given = ["train", "sums", "--student", student_folder, "--workspace", tmp_path, "--max-train-tokens", 100]
    given += ["--held-out", 0.3, "--eval-problems", 0, "--early-stopping-patience", 3]
    given += ["--no-bf16", "--gradient-checkpointing"]
    assert run(*given) == 0
    (made,) = all_runs(tmp_path / "runs")
    assert made.request.spec == {
        "objective": "sft", "max_train_tokens": 100, "held_out": 0.3, "eval_problems": 0, "early_stopping_patience": 3,
        "bf16": False, "gradient_checkpointing": True,
    }  # fmt: skip
    scores = made.result("scores.json")
    assert (scores["bf16"], scores["gradient_checkpointing"], scores["processes"]) == (False, True, 1)


def test_a_run_of_several_machines_is_made_and_told_not_started(make_set, tmp_path, capsys):
    make_set(sums(4))
    given = ["train", "sums", "--processes", 4, "--machines", "gpu1:29600,gpu2", "--workspace", tmp_path]
    assert run(*given) == 0
    (made,) = all_runs(tmp_path / "runs")
    head, *commands = capsys.readouterr().out.splitlines()
    assert head == f"Run {made.id} begins once each machine has its command:"
    place = f"cd {PROJECT} && OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false"
    assert commands == [f"{name}$ {place} {' '.join(made.command(n))}" for n, name in enumerate(["gpu1", "gpu2"])]
    assert run("resume", made.id, "--workspace", tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"run": made.id, "commands": [command.partition("$ ")[2] for command in commands]}
    assert made.status().state == "queued"


def test_the_module_exits_with_2():
    command = [sys.executable, "-m", "training", "compare", "a", "b", "--workspace", "nowhere"]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("There is no run 'a'")
