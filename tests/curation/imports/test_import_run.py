import json

import pyarrow.parquet as pq
import pytest

from curation.errors import UserError
from curation.imports.mapping import Mapping
from curation.imports.plan import plan, preview
from curation.imports.run import import_files
from curation.table import PROBLEMS, QUARANTINE, SCHEMA, parts


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "in"
    (root / "sub").mkdir(parents=True)
    rows = [{"question": f"q{i}", "output": f"<think>a{i}</think>b{i}"} for i in range(3)]
    (root / "traces.jsonl").write_text("\n".join([*map(json.dumps, rows), "oops"]))
    (root / "sub" / "bench.json").write_text(json.dumps([{"question": "q", "answer": "4"}]))
    (root / "sub" / "picture.png").write_bytes(b"\x89PNG")
    (root / ".hidden").write_text("x")
    return root


def test_a_folder_is_planned_without_being_imported(folder):
    plans = plan([folder])
    assert [(one.source.name, one.format, one.rows, one.exact, one.problem) for one in plans] == [
        ("sub/bench.json", "json", 1, True, None),
        ("sub/picture.png", "other", 1, True, "not a JSON, JSONL, CSV or Parquet file"),
        ("traces.jsonl", "jsonl", 4, True, None),
    ]
    assert plans[2].mapping == Mapping(question="question", output="output")
    assert plans[2].columns == ("question", "output")


def test_rows_of_a_long_file_are_estimated(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"question": str(i % 7) * 500, "output": "a"}) + "\n" for i in range(5000)))
    (one,) = plan([path])
    assert not one.exact
    assert 4000 < one.rows < 6000


def test_preview_shows_traces_and_quarantined_rows(folder):
    seen = preview(folder / "traces.jsonl")
    assert [trace.answer for trace in seen.traces] == ["b0", "b1", "b2"]
    assert [(record.line, record.raw) for record in seen.quarantined] == [(4, "oops")]


def test_a_folder_is_imported_into_parts(folder, tmp_path):
    told = []
    report = import_files([folder], tmp_path / "out", progress=lambda *step: told.append(step))
    out = tmp_path / "out"
    (part,) = parts(out)
    table = pq.read_table(part)
    assert table.schema.equals(SCHEMA)
    assert table.select(["question", "reasoning", "answer", "dataset", "source", "line"]).to_pylist() == [
        {"question": f"q{i}", "reasoning": f"a{i}", "answer": f"b{i}", "dataset": "traces"}
        | {"source": "traces.jsonl", "line": i + 1}
        for i in range(3)
    ]
    problems = pq.read_table(out / "problems-00000.parquet")
    assert problems.schema.equals(PROBLEMS)
    assert problems["reference"].to_pylist() == ["4"]
    quarantine = pq.read_table(out / "quarantine-00000.parquet")
    assert quarantine.schema.equals(QUARANTINE)
    assert [(row["file"], row["line"], row["raw"]) for row in quarantine.to_pylist()] == [
        ("sub/picture.png", 1, "\ufffdPNG"),
        ("traces.jsonl", 4, "oops"),
    ]
    assert (report.traces, report.problems, report.quarantined_rows) == (3, 1, 2)
    assert json.loads((out / "report.json").read_text())["files"][2]["rows"] == 4
    size = sum(path.stat().st_size for path in folder.rglob("[!.]*") if path.is_file())
    assert told[-1] == (size, size, "")
    assert [step[0] for step in told] == sorted(step[0] for step in told)


def test_an_interrupted_import_starts_over(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("part-00009.parquet", "part-00010.tmp", "quarantine-00003.parquet", "keep.txt"):
        (out / name).write_bytes(b"old")
    import_files([folder / "traces.jsonl"], out, dataset="mine")
    assert sorted(path.name for path in out.iterdir()) == [
        "keep.txt",
        "part-00000.parquet",
        "quarantine-00000.parquet",
        "report.json",
    ]
    assert set(pq.read_table(out / "part-00000.parquet")["dataset"].to_pylist()) == {"mine"}


def test_parts_hold_at_most_2000_rows(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"question": str(i), "output": "a"}) + "\n" for i in range(4001)))
    import_files([path], tmp_path / "out")
    assert [pq.read_metadata(part).num_rows for part in parts(tmp_path / "out")] == [2000, 2000, 1]


def test_nothing_is_deleted_when_the_mapping_does_not_fit(folder, tmp_path):
    out = tmp_path / "out"
    import_files([folder / "traces.jsonl"], out)
    with pytest.raises(UserError, match=r"traces.jsonl has no column 'prompt' for question"):
        import_files([folder / "traces.jsonl"], out, Mapping(question="prompt"))
    assert len(parts(out)) == 1


def test_files_of_one_name_keep_their_folders_apart(tmp_path):
    paths = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        paths.append(tmp_path / name / "x.jsonl")
        paths[-1].write_text(json.dumps({"question": name, "output": "a"}))
    report = import_files(paths, tmp_path / "out")
    assert [file.path for file in report.files] == [str(path) for path in paths]


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UserError, match=r"Cannot import .*nowhere: no such file or folder"):
        plan([tmp_path / "nowhere"])
