"""The command line of curation: what each command writes, and one line for what a user can repair."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.__main__ import run
from curation.operator import OPERATORS
from curation.runs import PROJECT

ROWS = [
    {"question": "1 + 1?", "reasoning": "It is two.", "answer": "2", "reference": "2"},
    {"question": "1 + 1?", "reasoning": "Eleven.", "answer": "11", "reference": "2"},
    {"question": "2 * 3?", "reasoning": "Two threes.", "answer": "6", "reference": "6"},
    {"question": "", "reasoning": "Lost.", "answer": "0", "reference": "0"},
]
MAP = ["--map", "question=question,reasoning=reasoning,answer=answer,reference=reference"]


@pytest.fixture
def cli(tmp_path, capsys):
    """Runs a command in a workspace of the test's own: exit code, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run([*map(str, arguments), "--workspace", str(tmp_path / "w")])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def file(tmp_path) -> Path:
    return write_rows(tmp_path / "four.jsonl")


def write_rows(path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Path:
    """A workspace with the rows, made once."""
    folder = tmp_path_factory.mktemp("imported")
    assert run(["import", str(write_rows(folder / "four.jsonl")), *MAP, "--workspace", str(folder / "w")]) == 0
    return folder / "w"


@pytest.fixture
def filled(cli, imported, tmp_path, capsys):
    shutil.copytree(imported, tmp_path / "w")
    capsys.readouterr()
    return cli


def test_import_says_what_became_of_every_row(cli, file):
    expected = "4 rows = 3 imported + 0 duplicates + 1 quarantined; 3 new traces, 2 new problems\n"
    assert cli("import", file, *MAP) == (0, expected, "")
    again = "4 rows = 0 imported + 3 duplicates + 1 quarantined; 0 new traces, 0 new problems\n"
    assert cli("import", file, *MAP) == (0, again, "")


def test_import_names_the_dataset_and_writes_json(cli, file):
    code, out, _ = cli("import", file, *MAP, "--dataset", "sums", "--json")
    row = json.loads(out)
    assert (code, row["rows"], row["imported"], row["quarantined"], row["files"]) == (0, 4, 3, 1, "four.jsonl")
    assert json.loads(cli("traces", "--limit", "1", "--json")[1])["dataset"] == "sums"


def test_traces_are_listed_by_condition(filled):
    code, out, _ = filled("traces", "--where", "n_chars > 9")
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 3)
    assert lines[0].split() == ["id", "dataset", "model", "n_chars", "question"]
    assert lines[1].endswith("four            11       1 + 1?")
    rows = [json.loads(line) for line in filled("traces", "--where", "n_chars > 9", "--json")[1].splitlines()]
    assert [(row["question"], row["n_chars"]) for row in rows] == [("1 + 1?", 11), ("2 * 3?", 12)]
    assert filled("traces", "--where", "FALSE", "--json") == (0, "", "")


def test_annotators_take_their_parameters_as_flags(filled):
    assert filled("annotate", "verify_answer", "--comparator", "numeric") == (
        0, "3 traces have correct, extracted, decided_by, correct_second, verifiers_agree\n", ""
    )  # fmt: skip
    code, out, _ = filled("annotate", "difficulty", "--min-traces", "2", "--json")
    assert (code, json.loads(out)) == (0, {"traces": 3, "scores": ["difficulty", "difficulty_basis", "pass_rate"]})
    rows = [json.loads(line) for line in filled("traces", "--json")[1].splitlines()]
    assert [(row["correct"], row["pass_rate"]) for row in rows] == [(True, 0.5), (False, 0.5), (True, None)]


def test_flags_of_every_command_may_stand_before_an_annotators_name(filled):
    code, out, _ = filled("annotate", "--json", "count_tokens")
    assert (code, json.loads(out)) == (0, {"traces": 3, "scores": ["n_tokens", "n_reasoning_tokens"]})


def test_a_recipe_is_applied_to_the_workspace_and_the_set_exported(filled, tmp_path):
    code, out, _ = filled("apply", "verified", "--out", "right", "--dataset", "four")
    assert (code, out.splitlines()[0]) == (0, "right: 2 rows, 2 problems, recipe verified")
    assert "  3. keep_where: 3 -> 2 rows correct is false (1)" in out.splitlines()
    code, out, _ = filled("sets", "--json")
    manifest = json.loads(out)
    assert manifest["rebuild"] == "python -m curation rebuild right"
    assert manifest["source"] == {"filter": {"values": {"dataset": ["four"]}}, "rows": 3}
    assert (manifest["name"], manifest["rows"]) == ("right", 2)
    assert filled("sets")[1].startswith("right: 2 rows")
    target = tmp_path / "right.jsonl"
    assert filled("export", "right", "--format", "messages", "--out", target) == (
        0,
        f"2 rows written to {target}\n",
        "",
    )
    assert len(target.read_text().splitlines()) == 2


def test_a_recipe_is_applied_to_files_without_the_store(cli, file, tmp_path):
    file.write_text("".join(json.dumps({"question": r["question"], "generation": f"<think>{r['reasoning']}</think>"})
                            + "\n" for r in ROWS[:3]))  # fmt: skip
    code, out, _ = cli("apply", "raw", file, "--out", "all", "--json")
    assert (code, json.loads(out)["rows"]) == (0, 3)
    assert not (tmp_path / "w" / "winnow.duckdb").exists()


def test_a_recipe_is_applied_through_a_filter(filled, tmp_path):
    chosen = '{"ranges":{"n_chars":[10.0,null]}}'
    code, out, _ = filled("apply", "raw", "--out", "long", "--filter", chosen, "--json")
    manifest = json.loads(out)
    assert (code, manifest["rows"]) == (0, 2)
    assert manifest["source"] == {"filter": json.loads(chosen), "rows": 2}


def test_quarantined_rows_are_shown_and_written(filled, tmp_path):
    code, out, _ = filled("quarantine", "--json")
    row = json.loads(out)
    assert (code, row["file"], row["line"], json.loads(row["raw"])) == (0, "four.jsonl", 4, ROWS[3])
    target = tmp_path / "bad.jsonl"
    assert filled("quarantine", "--out", target)[1] == f"1 rows written to {target}\n"
    assert json.loads(target.read_text()) == row


def test_docs_writes_the_reference_page(cli, tmp_path):
    target = tmp_path / "OPERATORS.md"
    assert cli("docs", "--out", target) == (0, f"{len(OPERATORS.members)} operators described in {target}\n", "")
    assert target.read_text().startswith("# Operators\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "nowhere.jsonl"], "Cannot import nowhere.jsonl: no such file or folder. Check the path."),
        (["import", "{file}", "--map", "question"], ""),
        (["traces", "--where", "nothing > 1"], "The query cannot be used: Binder Error: Referenced column"),
        (
            ["traces", "--where", "TRUE); DROP TABLE traces; SELECT (1"],
            "The query cannot be read: only one SELECT is allowed",
        ),
        (["traces", "--limit", "many"], "Argument --limit: invalid int value: 'many'. See: python -m curation traces"),
        (
            ["annotate", "difficulty", "--correct", "x"],
            "difficulty reads 'x', which no stored annotator adds yet; add one first.",
        ),
        (["annotate", "guess"], "Argument OPERATOR: invalid choice: 'guess'"),
        (
            ["annotate", "repetition", "--n", "0"],
            "repetition.n: input should be greater than or equal to 1, found '0'.",
        ),
        (
            ["apply", "nothing", "--out", "x"],
            "There is no recipe file nothing; shipped recipes: balanced, clean, complete",
        ),
        (["apply", "raw", "--out", "a/b"], "'a/b' cannot name a set: use letters"),
        (["apply", "raw", "--out", "x", "--dataset", "none"], "No trace of the workspace"),
        (["apply", "raw", "--out", "x", "--filter", "{"], "The filter in the address cannot be read ("),
        (["apply", "raw", "missing.jsonl", "--out", "x"], "Cannot import missing.jsonl: no such file or folder."),
        (["apply", "raw"], "The following arguments are required: --out. See: python -m curation apply --help"),
        (["export", "none", "--format", "messages", "--out", "x.jsonl"], "There is no curated set 'none' in"),
        (["export", "none", "--format", "word", "--out", "x"], "Argument --format: invalid choice: 'word'"),
        (["guess"], "Argument COMMAND: invalid choice: 'guess'"),
        (["docs", "--out", "none/x.md"], "Cannot write none/x.md: No such file or directory. Choose another file."),
        (["quarantine", "--out", "/"], "Cannot write /: Is a directory. Choose another file."),
    ],
)
def test_what_a_user_can_repair_is_one_line_and_exit_code_2(filled, file, arguments, message):
    code, out, error = filled(*[argument.replace("{file}", str(file)) for argument in arguments])
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(message)


def test_a_set_that_exists_is_refused(filled):
    assert filled("apply", "raw", "--out", "all")[0] == 0
    assert filled("apply", "raw", "--out", "all") == (
        2,
        "",
        "A curated set 'all' exists already; choose another name.\n",
    )


def test_a_recipe_with_an_unknown_field_names_its_line(filled, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("name: r\nsteps:\n- {op: cut, share: 1}\n")
    code, _, error = filled("apply", path, "--out", "x")
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"{path}, line 3, step 1: cut has no field 'share'; its fields: policy, amount")


def test_a_step_that_fails_on_its_rows_says_so(filled, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("name: r\nsteps:\n- {op: cut, unit: segments}\n")
    code, _, error = filled("apply", path, "--out", "x")
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(
        "Step 1 (cut) failed on 3 of 3 rows (100%; the limit is 5%). First reason: UserError: This"
    )


def test_a_workspace_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["sets", "--workspace", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"The workspace {tmp_path / 'file'} cannot be made: Not a directory.\n"


def test_a_store_held_by_another_process_is_named_in_one_line(tmp_path):
    hold = "import sys; from pathlib import Path; from curation.workspace import Workspace\n"
    hold += "store = Workspace(Path(sys.argv[1])).store; print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-m", "curation", "traces", "--workspace", str(tmp_path)]
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], cwd=PROJECT, text=True, **pipes) as other:
        assert other.stdout.readline() == "open\n"
        ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, env=dict(os.environ))
        other.communicate("")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert f"The store {tmp_path / 'winnow.duckdb'} is open in another process" in ended.stderr
    assert f"PID {other.pid}" in ended.stderr


def test_the_parts_of_a_set_hold_its_scores(filled, tmp_path):
    filled("apply", "verified", "--out", "right")
    table = pq.read_table(sorted((tmp_path / "w" / "sets" / "right").glob("part-*.parquet")))
    assert table.column("correct").to_pylist() == [True, True]


def test_a_benchmark_of_imported_problems_is_written_with_its_card(filled, tmp_path):
    code, out, _ = filled("benchmark", "four")
    first, *card = out.splitlines()
    assert (code, first) == (0, f"benchmark four written to {tmp_path / 'w' / 'benchmarks' / 'four.parquet'}")
    assert card[:4] == ["name: four", "problems: 2", "layout: plain", "answers: numeric"]


def test_a_benchmark_file_shows_its_card_and_writes_it_once(cli, tmp_path):
    path = tmp_path / "eval.jsonl"
    path.write_text('{"question": "1 + 1?", "answer": "1 + 1 = 2\\n#### 2"}\n')
    code, out, _ = cli("benchmark", path, "--json")
    assert (code, json.loads(out)["layout"], json.loads(out)["licence"]) == (0, "gsm8k", "MIT of the original")
    card = tmp_path / "eval.card.yaml"
    assert f"card written to {card}" in cli("benchmark", path, "--write-card")[1]
    assert "licence: MIT" in card.read_text()
    code, _, err = cli("benchmark", path, "--write-card")
    assert (code, "has a card already: edit" in err) == (2, True)


def test_a_server_is_refused_in_one_line(cli):
    assert cli("serve", "base") == (
        2,
        "",
        "'base' is reached through transformers, which needs no server of ours; give it `backend: vllm` in "
        "models.yaml to have one.\n",
    )
    assert cli("serve", "demo", "--stop") == (2, "", "No server 'demo' runs; running: none.\n")
