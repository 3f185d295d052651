"""Files that a browser sent."""

import pytest

from curation.uploads import keep, plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("traces.jsonl.gz", "traces.jsonl.gz"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.json", "x.json"),
        ("..", "upload"),
        ("", "upload"),
        (".bashrc", "bashrc"),
        ("a\0b\nc.csv", "a_b_c.csv"),
        ("x" * 300 + ".parquet", "x" * 52 + ".parquet"),
    ],
)
def test_a_kept_name_is_no_path(name, plain):
    assert plain_name(name) == plain


def test_two_files_of_one_name_stay_two(tmp_path):
    first, second = keep(tmp_path, "a.jsonl", b"1"), keep(tmp_path, "a.jsonl", b"2")
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    assert first.name == second.name == "a.jsonl"


def test_a_file_sent_twice_is_kept_once(tmp_path):
    first = keep(tmp_path, "a.jsonl", b"1")
    written = first.stat().st_mtime_ns
    assert keep(tmp_path, "a.jsonl", memoryview(b"1")) == first
    assert first.stat().st_mtime_ns == written
    assert [path.name for path in first.parent.iterdir()] == ["a.jsonl"]
