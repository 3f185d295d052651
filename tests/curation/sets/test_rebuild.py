"""A set is rebuilt byte for byte, or what differs is named."""

import json
import shutil
from pathlib import Path

import pytest

from curation.__main__ import run
from curation.curated import CuratedSet
from curation.sets.rebuild import Inputs

ROWS = [
    {"question": f"{n} + 1?", "reasoning": f"{n} and one.", "answer": str(n % 2 and n + 1), "reference": str(n + 1)}
    for n in range(6)
]  # fmt: skip
MAP = ["--map", "question=question,reasoning=reasoning,answer=answer,reference=reference"]


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def frozen(tmp_path_factory) -> Path:
    """A workspace with six rows and the set `right` of the three right ones, made once."""
    folder = tmp_path_factory.mktemp("frozen")
    work = ["--workspace", str(folder / "w")]
    assert run(["import", str(write(folder / "six.jsonl", ROWS)), *MAP, *work]) == 0
    assert run(["apply", "verified", "--dataset", "six", "--out", "right", *work]) == 0
    return folder / "w"


@pytest.fixture
def cli(frozen, tmp_path, capsys):
    shutil.copytree(frozen, tmp_path / "w")
    capsys.readouterr()

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([*map(str, arguments), "--workspace", str(tmp_path / "w")])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def parts(work: Path, name: str) -> list[tuple[str, str]]:
    return [(part.file, part.sha256) for part in CuratedSet(work / "sets" / name).manifest.parts]


def test_the_same_inputs_give_the_same_bytes(cli, tmp_path):
    assert cli("rebuild", "right") == (0, "right-rebuilt: its 1 parts are those of right, byte for byte\n", "")
    assert parts(tmp_path / "w", "right-rebuilt") == parts(tmp_path / "w", "right")
    assert cli("rebuild", "right", "--out", "again", "--json")[1] == '{"set": "again", "equal": true, "parts": 1}\n'


def test_a_manifest_alone_is_enough(cli, tmp_path):
    shutil.move(tmp_path / "w" / "sets" / "right" / "manifest.json", tmp_path / "manifest.json")
    shutil.rmtree(tmp_path / "w" / "sets" / "right")
    assert cli("rebuild", tmp_path / "manifest.json", "--out", "right")[0] == 0


def test_new_traces_in_the_store_are_named(cli, tmp_path):
    more = write(tmp_path / "more.jsonl", [{**ROWS[0], "question": "9 + 1?"}])
    cli("import", more, *MAP, "--dataset", "six")
    code, _, error = cli("rebuild", "right")
    assert (code, error) == (
        2,
        "The set 'right' cannot be rebuilt: it was made from 6 traces and would now be made from 7. Bring back what "
        "it was made from, or freeze a new set with its recipe.\n",
    )
    assert not (tmp_path / "w" / "sets" / "right-rebuilt").exists()


def test_new_traces_outside_the_filter_change_nothing(cli, tmp_path):
    cli("import", write(tmp_path / "more.jsonl", [{**ROWS[0], "question": "9 + 1?"}]), *MAP)
    assert cli("rebuild", "right")[0] == 0


def test_a_set_of_files_needs_the_very_files(cli, tmp_path):
    file = write(tmp_path / "own.jsonl", [{"question": "1?", "generation": "<think>One.</think>1", "answer": "1"}])
    assert cli("apply", "raw", file, "--out", "own")[0] == 0
    assert cli("rebuild", "own")[0] == 0
    write(file, [{"question": "1?", "generation": "<think>One!</think>1", "answer": "1"}])
    assert "the file own.jsonl has changed" in cli("rebuild", "own", "--out", "b")[2]
    file.unlink()
    assert cli("rebuild", "own", "--out", "c")[2] == (
        f"The set 'own' cannot be rebuilt: {file} is gone. Put it back where it was, or freeze a new set with the "
        "recipe.\n"
    )


def test_other_bytes_are_told_with_the_versions_that_made_them(cli, tmp_path):
    path = tmp_path / "w" / "sets" / "right" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["parts"][0]["sha256"] = "0"
    manifest["libraries"]["pyarrow"] = "1.0"
    path.write_text(json.dumps(manifest))
    error = cli("rebuild", "right")[2]
    assert error.startswith(
        "The rebuilt set 'right-rebuilt' is not equal to 'right': 1 of 1 parts have other bytes (pyarrow was 1.0 and"
    )
    assert "python -m curation diff right right-rebuilt shows the rows" in error


def test_a_set_without_noted_inputs_is_refused(cli, tmp_path):
    path = tmp_path / "w" / "sets" / "right" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "inputs": None}))
    assert "was frozen by a version that did not note its inputs" in cli("rebuild", "right")[2]


def test_two_sets_are_compared_in_words(cli):
    cli("apply", "raw", "--dataset", "six", "--out", "all")
    code, out, _ = cli("diff", "all", "right")
    assert (code, out.splitlines()[0]) == (
        0, "all and right: 3 rows in both, 0 changed, 3 only in all, 0 only in right"
    )  # fmt: skip
    assert "  added: step 3 (keep_where) added: score correct, equals yes" in out.splitlines()
    found = json.loads(cli("diff", "all", "right", "--json")[1])
    assert (found["same"], len(found["removed"]), found["added"]) == (3, 3, [])


BEFORE = Inputs(files={"a": "1", "b": "1"}, rows=2, ids="x", traces="y", labels="z")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"files": {"a": "2", "c": "1"}},
         ["the file b is gone", "the file c is new", "the file a has changed"]),
        ({"ids": "n"}, ["its 2 traces are now others, or in another order"]),
        ({"traces": "n"}, ["the fields of its traces differ, such as their reference, subject or line"]),
        ({"labels": "n"}, ["people's labels of these traces have changed"]),
    ],
)  # fmt: skip
def test_what_differs_is_said_in_words(change, words):
    assert BEFORE.differences(BEFORE.model_copy(update=change)) == words
