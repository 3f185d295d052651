import gzip
import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curation.imports.readers import read_chunks, read_rows
from curation.imports.sources import Digest, find_format

ROWS = [{"question": "1+1?", "answer": "2"}, {"question": "2+2?", "answer": "4\u2028four"}]


def read(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_rows(path))


def found(records):
    return [(record.line, record.value if record.reason is None else record.reason) for record in records]


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


FORMS = {
    "a.jsonl": lines(ROWS),
    "crlf.jsonl": lines(ROWS).replace("\n", "\r\n"),
    "bom.jsonl": "\ufeff" + lines(ROWS),
    "lines.json": lines(ROWS),
    "array.json": json.dumps(ROWS),
    "pretty.json": json.dumps(ROWS, indent=2, ensure_ascii=False),
    "pretty.jsonl": json.dumps(ROWS, indent=2),
    "wrapped.json": json.dumps({"results": ROWS}),
    "noisy.json": json.dumps({"results": ROWS, "metadata": {"n": 2}}),
    "appended.json": "".join(json.dumps(row, indent=2) + "\n" for row in ROWS),
    "one_line.json": "".join(map(json.dumps, ROWS)),
    "trailing_comma.json": json.dumps(ROWS)[:-1] + ",]",
    "no_suffix": lines(ROWS),
    "a.jsonl.gz": gzip.compress(lines(ROWS).encode()),
    "a.json.zst": zstandard.compress(json.dumps(ROWS).encode()),
    "frames.jsonl.zst": b"".join(zstandard.compress(lines([row]).encode() + b"\n") for row in ROWS),
    "a.csv": "question,answer\n1+1?,2\n2+2?,4\u2028four\n",
    "a.tsv": "question\tanswer\r\n1+1?\t2\r\n2+2?\t4\u2028four\r\n",
    "semicolon.csv": "question;answer\n1+1?;2\n2+2?;4\u2028four\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_rows_are_read_from_every_form(tmp_path, name):
    records = read(tmp_path, name, FORMS[name])
    assert [record.value for record in records] == ROWS
    assert [record.line for record in records] == ([2, 3] if name.endswith(("csv", "tsv")) else [1, 2])


def test_parquet_rows_are_read(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    assert [record.value for record in read_rows(tmp_path / "a.parquet")] == ROWS


def test_rows_keyed_by_their_data_keep_the_key(tmp_path):
    keyed = {"p1": {"question": "a", "answer": "1"}, "b": {"question": "b", "answer": "2"}}
    values = [record.value for record in read(tmp_path, "keyed.json", json.dumps(keyed))]
    assert values == [{"key": "p1", "question": "a", "answer": "1"}, {"question": "b", "answer": "2"}]


def test_rows_by_dataset_and_split_keep_both(tmp_path):
    values = [record.value for record in read(tmp_path, "a.json", json.dumps({"qa": {"test": [{"x": 1}]}}))]
    assert values == [{"dataset": "qa", "split": "test", "x": 1}]


def test_a_table_without_header_numbers_its_columns(tmp_path):
    records = read(tmp_path, "a.tsv", "How many?\t18\nHow few?\t3\n")
    assert found(records) == [(1, {"1": "How many?", "2": "18"}), (2, {"1": "How few?", "2": "3"})]


NO_ROWS = {
    "empty.jsonl": (b"", "the file is empty"),
    "crlf.jsonl": (b"\r\n", "the file is empty"),
    "binary.json": (b"\x00\x01\xff" * 50, "not a JSON, JSONL, CSV or Parquet file"),
    "image.jpg": (b"\xff\xd8\xff\xe0", "not a JSON, JSONL, CSV or Parquet file"),
    "utf16.csv": ("question,answer\n1,2\n".encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    "array.json": (b"[]", "the file holds no rows"),
    "object.json": (b"{}", "the row is empty"),
    "number.json": (b"3", "a row must be an object, found int"),
    "header.csv": (b"question,answer\n", "the file holds no rows"),
}


@pytest.mark.parametrize("name", NO_ROWS)
def test_a_file_without_rows_says_why(tmp_path, name):
    data, reason = NO_ROWS[name]
    assert [(record.line, record.reason) for record in read(tmp_path, name, data)] == [(1, reason)]


def test_a_broken_line_costs_itself_only(tmp_path):
    records = read(tmp_path, "a.jsonl", b'{"a": 1}\n{"a": oops}\n\n{"a": "\xe9"}\n[1]\n{"a": "\\ud800"}\n{"a": 2}\n')
    assert found(records) == [
        (1, {"a": 1}),
        (2, "not JSON: Expecting value: line 1 column 7 (char 6)"),
        (4, "not UTF-8: byte 0xe9 at 7"),
        (5, "a row must be an object, found list"),
        (6, "holds a lone surrogate, which UTF-8 cannot store"),
        (7, {"a": 2}),
    ]
    assert records[1].raw == '{"a": oops}\n'


def test_a_broken_element_costs_itself_only(tmp_path):
    records = read(tmp_path, "a.json", '[{"a": 1}, {"a": oops}, {"a": "x}, {"b": 1}\n, {"a": 2}]')
    assert [(record.line, record.value) for record in records if record.value] == [(1, {"a": 1}), (4, {"a": 2})]
    assert [record.line for record in records if record.reason] == [2, 3]


def test_elements_after_one_that_never_closes_are_found_again(tmp_path):
    records = read(
        tmp_path, "a.json", '[\n  {\n    "a": [\n    "a": []\n  },\n  {\n    "a": 2\n  },\n  {\n    "a": 3\n  }\n]'
    )
    assert [(record.line, record.value) for record in records] == [(1, None), (2, {"a": 2}), (3, {"a": 3})]


def test_a_truncated_array_keeps_what_came_before(tmp_path):
    records = read(tmp_path, "a.json", '[{"a": 1}, {"a": 2}, {"a": ')
    assert [(record.line, record.value) for record in records] == [(1, {"a": 1}), (2, {"a": 2}), (3, None)]
    assert records[2].reason.startswith("the file ends inside this value")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_cut_compressed_file_says_so(tmp_path, name, pack):
    rows = [{"a": index, "text": f"{index * 7919 % 10007:x}" * 9} for index in range(20_000)]
    data = pack((lines(rows) if name == "a.jsonl" else json.dumps(rows)).encode())
    records = read(tmp_path, name, data[: len(data) * 2 // 3])
    assert len(records) > 1000
    assert [record.value for record in records if record.value] == rows[: sum(r.value is not None for r in records)]
    assert "the file is damaged or cut" in records[-1].reason


def test_a_broken_parquet_file_is_quarantined(tmp_path):
    pq.write_table(pa.table({"a": list(range(1000))}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    records = read(tmp_path, "b.parquet", data[:-20])
    assert [record.line for record in records] == [1]
    assert records[0].reason.startswith("the rest of the Parquet file cannot be read")


def test_a_parquet_column_whose_name_is_no_text_quarantines_the_file(tmp_path):
    pq.write_table(pa.table({"question": ["why"]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (record,) = read(tmp_path, "b.parquet", data.replace(b"question%", b"\x80uestion%", 1))
    assert (record.line, "can't decode byte 0x80" in record.reason) == (1, True)


def test_csv_rows_that_do_not_fit_the_header_are_quarantined(tmp_path):
    records = read(tmp_path, "a.csv", b'a,b\n1,2\n1,2,3\n\xe9,2\n"x\ny",4\n"open,5\n')
    assert found(records) == [
        (2, {"a": "1", "b": "2"}),
        (3, "the row has 3 cells, the header 2"),
        (4, "not UTF-8"),
        (5, {"a": "x\ny", "b": "4"}),
        (7, "the rest of the file cannot be read as CSV: unexpected end of data"),
    ]


def test_a_20_megabyte_row_is_read(tmp_path):
    row = {"question": "q", "output": 'a\n"' * 7_000_000}
    for name, text in (("a.jsonl", json.dumps(row)), ("a.json", json.dumps([row]))):
        assert [record.value for record in read(tmp_path, name, text)] == [row]


def test_the_position_in_the_file_is_told(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines(ROWS * 1000).encode()))
    positions = []
    assert len(list(read_rows(path, positions.append))) == 2000
    assert positions[-1] == path.stat().st_size
    assert find_format(path) == "jsonl"


def test_a_digest_that_followed_the_reading_is_that_of_the_file(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n' * 100_000)
    whole = hashlib.sha256(path.read_bytes()).hexdigest()
    digest = Digest()
    chunks = read_chunks(path, digest=digest)
    assert [next(chunks).rows, digest.of(path)] == [50, whole]
    digest = Digest()
    digest.follow(4, memoryview(b"read later on"))
    assert digest.of(path) == whole
