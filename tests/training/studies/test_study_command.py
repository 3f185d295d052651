import json

import pytest
from study_runs import tried

from curation.console import main
from curation.runs import all_runs
from training.__main__ import command
from training.studies.study import Study


def run(*given):
    return main(lambda: command([str(part) for part in given]))


@pytest.fixture
def done(begin, tmp_path):
    """The file of a study that is finished."""
    made = begin(grid={"strategy.max_new_tokens": [1, 2]}, expected="Two are more than one.")
    assert tried(made) is None
    path = tmp_path / "s.yaml"
    path.write_text(Study.parse(made.request.spec).yaml())
    return path


def test_a_finished_study_is_shown_with_what_was_expected_and_not_run_again(done, tmp_path, capsys):
    before = len(all_runs(tmp_path / "runs"))
    assert run("study", done, "--workspace", tmp_path, "--out", tmp_path / "out") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        "| strategy.max_new_tokens | accuracy, 95 % interval | against the first row | each seed |"
    )
    assert [line.split(" | ")[0] for line in lines[2:4]] == ["| 1", "| 2"]
    assert lines[-1] == "Expected: Two are more than one."
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["chart.svg", "study.json", "table.md"]
    assert len(all_runs(tmp_path / "runs")) == before


def test_a_study_as_json_holds_its_outcomes(done, tmp_path, capsys):
    assert run("study", done, "--workspace", tmp_path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["axes"] == ["strategy.max_new_tokens"]
    assert [one["labels"] for one in found["outcomes"]] == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no study 'nope'; known: "),
        ("name: s", "the field 'benchmark' is missing"),
        ("name: s\nbenchmark: nope", "There is no benchmark 'nope'"),
        ("name: s\nbenchmark: word_problems\nrecipe: raw", "No trace of the workspace"),
    ],
)
def test_a_study_that_cannot_be_ends_with_2_one_line_and_no_run(text, message, tmp_path, capsys):
    path = tmp_path / "s.yaml"
    if text:
        path.write_text(text)
    assert run("study", path if text else "nope", "--workspace", tmp_path) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert all_runs(tmp_path / "runs") == []
