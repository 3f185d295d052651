"""Small files that would unpack to far more than a machine has."""

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curation.benchmarking.rows import lines
from curation.errors import UserError
from curation.imports.readers import read_rows
from curation.imports.record import DEEPEST
from curation.imports.sources import EXPANSION, SPARED, TooLarge, expansion
from curation.imports.tables import read_csv

GOOD = b'{"question": "1 + 1?", "answer": "2"}\n'


def reasons(path):
    return [record.reason for record in read_rows(path) if record.reason]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_packed_bomb_is_read_up_to_its_bound_and_no_further(tmp_path, pack):
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(pack(GOOD + b"0" * (SPARED + 2**24)))
    records = list(read_rows(path))
    assert records[0].value == {"question": "1 + 1?", "answer": "2"}
    assert "unpacks to more than 300 times its size" in (records[-1].reason or "")


def test_what_texts_unpack_to_is_let_through():
    expansion(1, SPARED)
    expansion(SPARED, EXPANSION * SPARED)
    with pytest.raises(TooLarge, match="300 times"):
        expansion(SPARED, EXPANSION * SPARED + 1)


def test_a_parquet_file_with_one_huge_value_in_many_rows_is_read_no_further_than_its_bound(tmp_path):
    path = tmp_path / "bomb.parquet"
    one = pa.DictionaryArray.from_arrays(pa.array([0] * 640, pa.int32()), pa.array(["x" * 40_000_000]))
    pq.write_table(pa.table({"question": one}), path, compression="zstd", store_schema=False)
    assert path.stat().st_size < 10_000
    assert ["unpacks to more than 300 times its size" in reason for reason in reasons(path)] == [True]


def test_a_parquet_file_that_says_it_has_more_rows_than_there_can_be_is_refused(tmp_path):
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"question": pa.nulls(11_000_000, pa.string())}), path)
    assert ["more than there can be" in reason for reason in reasons(path)] == [True]


@pytest.mark.parametrize("deep", [DEEPEST, 900, 100_000])
def test_values_inside_each_other_without_end_are_quarantined_and_the_next_row_is_read(tmp_path, deep):
    path = tmp_path / "deep.jsonl"
    path.write_bytes(b'{"question": ' + b"[" * deep + b"]" * deep + b"}\n" + GOOD)
    records = list(read_rows(path))
    assert [record.value is None for record in records] == [True, False]


def test_a_csv_line_without_end_is_no_row():
    chunks = read_csv(io.BufferedReader(io.BytesIO(b"question,answer\n" + b"x" * (2**26 + 9) + b"\n1,2\n")))
    found = [row.value for chunk in chunks for row in chunk.records() if row.value]
    assert found == [{"question": "1", "answer": "2"}]


def test_entities_of_xml_are_not_read(tmp_path):
    path = tmp_path / "asdiv.xml"
    for text in (b'<!DOCTYPE a [<!ENTITY x "y">]><Problem>&x;</Problem>', "<Problem/>".encode("utf-16-le")):
        path.write_bytes(text)
        with pytest.raises(UserError, match="declares entities"):
            lines(path)
