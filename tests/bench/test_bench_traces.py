import gzip
import json
import statistics

import pyarrow.parquet as pq

from tests.bench.traces import SOLUTIONS, blocks, planted, write

ROWS = 4000


def rows(count):
    return [row for one in blocks(0, count) for row in one.rows]


def test_the_same_rows_are_made_again_and_fewer_rows_are_the_first_of_more():
    assert rows(1000) == rows(2000)[:1000]


def test_lengths_are_spread_as_those_of_real_traces():
    lengths = [len(row.reasoning) for row in rows(ROWS)]
    assert 4500 < statistics.mean(lengths) < 5500
    assert 2800 < statistics.median(lengths) < 3600


def test_each_problem_is_solved_by_every_teacher_and_some_answers_are_wrong():
    made = rows(ROWS)
    teachers = {row.model for row in made[:SOLUTIONS]}
    assert teachers == {"teacher 0", "teacher 1", "teacher 2", "teacher 3"}
    assert len({row.question for row in made}) == ROWS // SOLUTIONS
    right = [row.answer == f"The answer is \\boxed{{{row.reference}}}." for row in made]
    assert 0.65 < statistics.mean(right) < 0.75


def test_a_row_in_a_hundred_is_an_exact_copy_and_two_are_near_ones():
    made = rows(ROWS)
    known = list(planted(ROWS))
    assert 0.005 < 1 - len(set(made)) / ROWS < 0.02
    assert len(known) == len(set(made))
    assert 0.01 < sum(first is not None for _, first in known) / ROWS < 0.025


def test_each_kind_of_file_holds_the_same_rows(tmp_path):
    found = {kind: write(tmp_path / kind, 3000, kind) for kind in ("jsonl", "jsonl.gz", "parquet")}
    plain = [json.loads(line) for path in found["jsonl"] for line in path.read_text().splitlines()]
    packed = [
        json.loads(line) for path in found["jsonl.gz"] for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    columns = [row for path in found["parquet"] for row in pq.read_table(path).to_pylist()]
    assert [len(paths) for paths in found.values()] == [3, 3, 3]
    assert plain == packed == columns == [row._asdict() for row in rows(3000)]
