"""An import gives the same parts in one process and in several, whatever its files hold."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.application.executors import Local
from curation.imports.run import import_files

GOOD = {"question": "1 + 1?", "output": "<think>One and one.</think>2", "correct": True, "level": 3}
HOSTILE = [
    b'{"question": "q", "output": oops}',
    b"",
    b'{"question": "\\ud800", "output": "a"}',
    b'{"question": "half \xc3", "output": "a"}',
    b'{"question": "big", "output": "a", "n": 18446744073709551616}',
    b'{"question": "", "output": "no question"}',
    b'{"question": "q", "output": ["", "<think>a</think>b"]}',
    '{"question": "\u2028", "output": "\u4e09 < 4 </think> \U0001f600"}'.encode(),
    b"[1]",
]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    rows = [{**GOOD, "question": f"{number % 3000} + 1?"} for number in range(6100)]
    lines = [json.dumps(row).encode() for row in rows]
    lines[2500:2500] = HOSTILE
    (root / "a.jsonl").write_bytes(b"\n".join(lines))
    (root / "b.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines[:3000]))[:-40])
    (root / "c.json").write_text(json.dumps(rows[:300])[:-20])
    (root / "d.csv").write_text("question,answer\n" + "1 + 1?,2\n" * 10 + "1,2,3\n")
    pq.write_table(pa.Table.from_pylist(rows[:500]), root / "e.parquet")
    return root


def tables(out):
    return {path.name: pq.read_table(path) for path in sorted(out.glob("*.parquet"))}


def test_several_processes_write_what_one_writes(folder, tmp_path):
    executor = Local(2)
    one = import_files([folder], tmp_path / "one")
    two = import_files([folder], tmp_path / "two", executor=executor)
    executor.pool.shutdown()
    assert tables(tmp_path / "one") == tables(tmp_path / "two")
    assert one == two
    lines, _, *others = one.files
    assert (lines.rows, lines.traces, lines.quarantined_rows) == (6108, 6102, 7)
    assert [file.rows for file in others] == [300, 11, 500]


def test_short_files_share_parts(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps({**GOOD, "question": str(number)}))
    import_files(sorted(tmp_path.glob("*.jsonl")), tmp_path / "out")
    (part,) = tables(tmp_path / "out").values()
    assert part["source"].to_pylist() == [f"{number}.jsonl" for number in range(5)]


def test_an_import_that_is_told_to_stop_stops(folder, tmp_path):
    class Stop(Exception):
        """Raised by what is told of progress."""

    def progress(done: int, total: int, file: str) -> None:
        if file == "c.json":
            raise Stop

    with pytest.raises(Stop):
        import_files([folder], tmp_path / "out", progress=progress)
    assert not (tmp_path / "out" / "report.json").exists()
