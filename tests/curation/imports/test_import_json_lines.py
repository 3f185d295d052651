"""What the fast parser reads is what the careful one reads, and what it refuses the careful one decides."""

import json
import math
from gzip import compress
from io import BufferedReader, BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.imports.json_lines import GROUP, LINE_LIMIT, Lines, Place, parse, read_lines
from curation.imports.readers import read_chunks, read_rows
from curation.imports.record import bad

NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=3), JSON, min_size=1, max_size=4), st.booleans())
def test_any_object_is_read_as_the_standard_library_reads_it(row, escaped):
    text = json.dumps(row, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    record = parse(1, text)
    assert repr(record.value) == repr(row)  # as text, so that 1 is not 1.0


VALUES = {
    b'{"a": 18446744073709551616, "b": [-9223372036854775809]}': {"a": 2**64, "b": [-(2**63) - 1]},
    b'{"a": 1e400, "b": {"c": 1e30}}': {"a": math.inf, "b": {"c": 1e30}},
    b'{"a": 1, "a": 2,}': {"a": 2},
    b' {"a": "\\ud83d\\ude00"}\r\n': {"a": "\U0001f600"},
    b'{"a": -0, "b": -0.0}': {"a": 0, "b": -0.0},
}


@pytest.mark.parametrize("text", VALUES)
def test_numbers_keep_their_digits_and_what_is_lenient_stays_so(text):
    assert repr(parse(1, text).value) == repr(VALUES[text])


REASONS = {
    b'{"a": "\\udc00 x"}': "holds a lone surrogate, which UTF-8 cannot store",
    b'{"a": "\xed\xa0\x80"}': "not UTF-8: byte 0xed at 7",
    b'{"a": "half \xc3': "not UTF-8: byte 0xc3 at 12",
    b'{"a": 1': "not JSON: Expecting ',' delimiter: line 1 column 8 (char 7)",
    b'{"a": "\t"}': "not JSON: Invalid control character at: line 1 column 8 (char 7)",
    b'["a"]': "a row must be an object, found list",
    b"null": "a row must be an object, found NoneType",
    b"{}": "the row is empty",
}


@pytest.mark.parametrize("text", REASONS)
def test_what_cannot_be_used_says_why_and_keeps_its_text(text):
    record = parse(7, text)
    assert (record.line, record.value, record.reason) == (7, None, REASONS[text])
    assert record.raw == text.decode("utf-8", "replace")


def test_lines_are_cut_into_groups_that_know_their_numbers():
    stream = BufferedReader(BytesIO(b'{"a": 1}\n\n' * GROUP))  # type: ignore[arg-type]
    chunks = list(read_lines(stream))
    assert chunks == [
        Lines(1, [b'{"a": 1}\n', b"\n"] * (GROUP // 2)),
        Lines(GROUP + 1, [b'{"a": 1}\n', b"\n"] * (GROUP // 2)),
    ]
    assert [record.line for chunk in chunks for record in chunk.records()] == list(range(1, 2 * GROUP, 2))
    assert (chunks[0].rows, chunks[0].size) == (GROUP, GROUP // 2 * 10)


def test_lines_of_a_plain_file_stay_there_until_they_are_parsed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"a": 1}\r\n\n' * GROUP + b'oops\n{"a": 2}')
    size = GROUP // 2 * 11
    assert list(read_chunks(path)) == [
        Place(path, 3, size, 1, GROUP),
        Place(path, 3 + size, size, GROUP + 1, GROUP),
        Place(path, 3 + 2 * size, 13, 2 * GROUP + 1, 2),
    ]
    (tmp_path / "packed").write_bytes(compress(path.read_bytes()))
    assert list(read_rows(path)) == list(read_rows(tmp_path / "packed"))


def test_lines_behind_one_without_end_are_found_where_they_stand(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * LINE_LIMIT + b'"}\n{"a": 1}\n')
    assert [(record.line, record.value) for record in read_rows(path)] == [(1, None), (2, {"a": 1})]


def test_lines_that_are_gone_before_they_are_parsed_are_told_of(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n' * (GROUP + 2))
    _, rest = read_chunks(path)
    path.write_bytes(b'{"a": 1}\n' * (GROUP + 1))
    reason = f"lines {GROUP + 1} to {GROUP + 2} cannot be read again: the file was changed meanwhile"
    assert list(rest.records()) == [bad(GROUP + 1, reason, "")]
