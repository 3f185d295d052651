import gzip
import hashlib
import json

import pytest

from curation.benchmarks import Item, content_hash, items, locate, shipped, title
from curation.errors import UserError
from curation.trace import Problem


def test_answers_may_be_missing_and_rows_keep_their_place(write_jsonl):
    rows = [{"problem": "1 + 1?", "answer": 2}, {"question": "Why?"}, {"question": "1 + 1?"}, {"question": "Who?"}]
    assert items(write_jsonl("mine.jsonl", *rows)) == [
        Item(1, Problem("1 + 1?", "2", "mine")),
        Item(2, Problem("Why?", None, "mine")),
        Item(4, Problem("Who?", None, "mine")),
    ]


def test_a_compressed_file_has_the_same_name(tmp_path):
    path = tmp_path / "test.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps({"question": "Why?"}).encode()))
    assert (title(path), items(path)) == ("test", [Item(1, Problem("Why?", None, "test"))])


def test_shipped_benchmarks_are_found_by_name():
    assert "word_problems" in shipped()
    assert locate("word_problems").name == "word_problems.jsonl"


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="There is no benchmark 'nope'; known: word_problems, or the path of a .jsonl"):
        locate("nope", tmp_path)


def test_the_hash_follows_the_bytes(tmp_path):
    path = tmp_path / "bench.jsonl"
    path.write_text("one")
    assert content_hash(path) == hashlib.sha256(b"one").hexdigest()
    path.write_text("other")
    assert content_hash(path) == hashlib.sha256(b"other").hexdigest()


def test_a_rows_other_values_stay_with_its_problem(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"question": "q", "answer": "1", "id": "x", "chosen": "ü", "steps": 3}\n')
    assert items(path) == [Item(1, Problem("q", "1", "pairs", extra='{"chosen": "ü", "steps": 3}'))]
