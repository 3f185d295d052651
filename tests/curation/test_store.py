"""What the store takes in: imports, annotations, and nothing of what breaks."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from curation.application.batches import annotate_batch, annotation_schema
from curation.errors import UserError
from curation.imports.run import import_files
from curation.operator import Annotator
from curation.operators.count_tokens import CountTokens
from curation.operators.difficulty import Difficulty
from curation.operators.repetition import Repetition
from curation.operators.segment import SegmentReasoning
from curation.operators.verify_answer import VerifyAnswer
from curation.query.filters import Filter
from curation.store import Store, Taken
from curation.table import write_part
from curation.trace import Problem, Segment, Trace

Row = dict[str, object]
Import = Callable[..., Taken]
ONE = {"question": "1 + 1?", "reasoning": "One and one.", "answer": "2", "reference": "2"}
TWO = {"question": "2 * 3?", "reasoning": "Two threes.", "answer": "6", "reference": "6"}
BAD = {"question": "", "reasoning": "No question.", "answer": "?", "reference": ""}
MAPPING = "question=question,reasoning=reasoning,answer=answer,reference=reference"


@pytest.fixture
def store(tmp_path: Path):
    made = Store(tmp_path / "winnow.duckdb")
    yield made
    made.close()


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Import:
    """Imports rows as one file under a run's name and takes them into the store."""
    from curation.imports.mapping import parse_mapping

    def take_rows(run: str, *rows: Row, mapping: str = MAPPING) -> Taken:
        file = tmp_path / f"{run}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        import_files([file], tmp_path / run, parse_mapping(mapping))
        return store.take_import(run, tmp_path / run)

    return take_rows


def annotate(store: Store, folder: Path, step: Annotator, ids: list[str] | None = None) -> None:
    """Scores of the store's traces, taken in as a worker's part."""
    traces = [trace for batch in store.traces(ids or store.ids(Filter())) for trace in batch]
    path = folder / step.key() / "part-00000.parquet"
    write_part(annotate_batch(step, traces), path)
    store.take_annotation("", step, [path])


def scores(store: Store, *names: str) -> list[tuple]:
    return [tuple(row[name] for name in names) for row in store.page(Filter()).to_pylist()]


def test_rows_are_imported_duplicates_or_quarantined(store, take):
    assert take("first", ONE, TWO, ONE, BAD) == Taken(rows=4, imported=2, duplicates=1, quarantined=1)
    row = store.imports().to_pylist()[0]
    assert {name: row[name] for name in ("run", "files", "rows", "traces", "problems", "warnings")} == {
        "run": "first",
        "files": "first.jsonl",
        "rows": 4,
        "traces": 2,
        "problems": 2,
        "warnings": "",
    }
    assert store.taken_in() == {"first"}
    (bad,) = store.quarantine().to_pylist()
    assert (bad["file"], bad["line"]) == ("first.jsonl", 4)
    assert bad["reason"]
    assert json.loads(bad["raw"]) == BAD


def test_importing_again_adds_nothing(store, take):
    take("first", ONE, TWO)
    before = store.page(Filter())
    assert take("second", ONE, TWO) == Taken(rows=2, imported=0, duplicates=2, quarantined=0)
    assert store.page(Filter()) == before
    assert store.datasets().to_pylist() == [{"dataset": "first", "traces": 2, "problems": 2, "answered": 2}]


def test_a_reference_that_comes_later_is_filled_in(store, take):
    take("first", {**ONE, "reference": None})
    assert store.trace(store.ids(Filter())[0]).problem.reference is None
    take("second", {**ONE, "reasoning": "Another way."})
    assert [store.trace(value).problem.reference for value in store.ids(Filter())] == ["2", "2"]


def test_problems_alone_fill_in_references(store, take):
    take("first", {**ONE, "reference": None})
    problem = {"question": "1 + 1?", "answer": "2"}
    assert take("second", problem, mapping="question=question,reference=answer").imported == 1
    assert store.trace(store.ids(Filter())[0]).problem.reference == "2"


def test_a_conflicting_reference_is_noted_and_the_first_kept(store, take):
    take("first", ONE)
    take("second", {**ONE, "reference": "11", "reasoning": "Binary."})
    assert [store.trace(value).problem.reference for value in store.ids(Filter())] == ["2", "2"]
    note = store.imports().to_pylist()[0]["warnings"]
    assert note == "1 problems were already here with another reference answer; the first was kept."


def test_a_broken_part_leaves_nothing_visible(store, take, tmp_path):
    take("first", ONE)
    import_files([tmp_path / "first.jsonl"], tmp_path / "out")
    (tmp_path / "out" / "part-00001.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(duckdb.Error, match=r"part-00001\.parquet"):
        store.take_import("second", tmp_path / "out")
    assert store.taken_in() == {"first"}
    assert store.imports().num_rows == 1
    assert take("third", TWO).imported == 1


def test_a_part_broken_in_its_texts_leaves_nothing_visible(store, take, tmp_path):
    take("first", ONE)
    many = [{**TWO, "reasoning": f"{n} " * 400} for n in range(50)]
    (tmp_path / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in many))
    import_files([tmp_path / "many.jsonl"], tmp_path / "out")
    part = tmp_path / "out" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[200 : len(data) // 2] = bytes(len(data) // 2 - 200)
    part.write_bytes(data)
    with pytest.raises(duckdb.Error, match=r"."):
        store.take_import("second", tmp_path / "out")
    assert (store.count(Filter()).rows, store.quarantine_count(), store.taken_in()) == (1, 0, {"first"})


def test_annotations_become_scores_in_import_order(store, take, tmp_path):
    take("first", ONE, TWO)
    annotate(store, tmp_path, CountTokens())
    annotate(store, tmp_path, VerifyAnswer())
    assert scores(store, "n_reasoning_tokens", "correct", "extracted") == [(4.0, True, "2"), (3.0, True, "6")]
    assert [step.title() for step in store.annotations().values()] == ["count_tokens", "verify_answer"]


def test_scores_of_very_many_traces_are_shown_at_once(store, tmp_path):
    many = 130_000  # more than DuckDB keeps together in one row group
    with store.writing() as cursor:
        cursor.execute(f"INSERT INTO traces (id) SELECT i::VARCHAR FROM range({many}) r(i)")
        store.rebuild(cursor)
    schema = annotation_schema(CountTokens())
    found = {"id": map(str, range(many)), "n_tokens": [7.0] * many, "n_reasoning_tokens": [5.0] * many}
    columns = {name: list(found.get(name, [None] * many)) for name in schema.names}
    write_part(pa.table(columns, schema=schema), tmp_path / "part-00000.parquet")

    store.take_annotation("measured", CountTokens(), [tmp_path / "part-00000.parquet"])

    query = "SELECT count(DISTINCT id), min(n_tokens), max(n_tokens), count(n_reasoning_tokens) FROM scores"
    assert store.cursor().execute(query).fetchone() == (many, 7.0, 7.0, many)


def test_rows_imported_later_have_unknown_scores(store, take, tmp_path):
    take("first", ONE)
    annotate(store, tmp_path, VerifyAnswer())
    take("second", TWO)
    assert scores(store, "correct") == [(True,), (None,)]
    assert not store.is_complete(VerifyAnswer())
    annotate(store, tmp_path, VerifyAnswer())
    assert scores(store, "correct") == [(True,), (True,)]
    assert store.is_complete(VerifyAnswer())


def test_results_already_there_stay(store, take, tmp_path):
    take("first", ONE)
    annotate(store, tmp_path, CountTokens())
    other = pa.Table.from_pylist(
        [{"id": value, "n_tokens": 99.0} for value in store.ids(Filter())], annotation_schema(CountTokens())
    )
    write_part(other, tmp_path / "other.parquet")
    store.take_annotation("", CountTokens(), [tmp_path / "other.parquet"])
    assert scores(store, "n_reasoning_tokens") == [(4.0,)]


def test_results_for_traces_not_in_the_store_are_left_out(store, take, tmp_path):
    take("first", ONE)
    stranger = Trace(Problem("3?"), "three")
    write_part(annotate_batch(CountTokens(), [stranger]), tmp_path / "other.parquet")
    store.take_annotation("", CountTokens(), [tmp_path / "other.parquet"])
    assert store.known(CountTokens()).num_rows == 0


def test_the_latest_annotation_of_a_name_wins(store, take, tmp_path):
    take("first", {**ONE, "reasoning": "a a a a a a"})
    annotate(store, tmp_path, Repetition(n=1))
    annotate(store, tmp_path, Repetition(n=4))
    first = scores(store, "repetition")
    annotate(store, tmp_path, Repetition(n=1))
    assert first == [(pytest.approx(0.5),)]
    assert scores(store, "repetition") == [(pytest.approx(5 / 7),)]
    assert list(store.annotations()) == [Repetition(n=4).key(), Repetition(n=1).key()]


def test_results_of_an_older_version_of_an_annotator_are_left_out(store, take, tmp_path):
    take("first", ONE)
    annotate(store, tmp_path, CountTokens())
    with store.writing() as cursor:
        cursor.execute("UPDATE annotations SET key = 'count_tokens_older'")
        cursor.execute(
            "INSERT INTO annotations VALUES ('gone_1', 'gone', '{\"op\":\"gone\"}', FALSE, now()::TIMESTAMP)"
        )
        store.rebuild(cursor)
    assert store.annotations() == {}
    assert "n_tokens" not in store.columns()
    assert not store.is_complete(CountTokens())


def test_rates_over_all_rows_follow_the_data(store, take, tmp_path):
    take("first", ONE, {**ONE, "reasoning": "Guess.", "answer": "5"})
    annotate(store, tmp_path, VerifyAnswer())
    store.take_annotation("", Difficulty(), [])
    assert scores(store, "correct", "pass_rate") == [(True, 0.5), (False, 0.5)]
    take("second", {**ONE, "reasoning": "Third.", "answer": "5"}, {**ONE, "reasoning": "Fourth.", "answer": "5"})
    annotate(store, tmp_path, VerifyAnswer())
    assert scores(store, "pass_rate") == [(0.25,)] * 4


def test_rates_asked_for_before_their_score_appear_with_it(store, take, tmp_path):
    take("first", ONE, {**ONE, "reasoning": "Guess.", "answer": "5"})
    store.take_annotation("", Difficulty(), [])
    assert "pass_rate" not in store.columns()
    annotate(store, tmp_path, VerifyAnswer())
    assert scores(store, "pass_rate") == [(0.5,), (0.5,)]


def test_the_latest_rate_of_a_name_wins(store, take, tmp_path):
    take("first", ONE, {**ONE, "reasoning": "Guess.", "answer": "5"})
    annotate(store, tmp_path, VerifyAnswer())
    store.take_annotation("", Difficulty(), [])
    store.take_annotation("", Difficulty(min_traces=3), [])
    assert scores(store, "difficulty_basis", "pass_rate") == [("length_rank", None)] * 2
    assert [name for name in store.columns() if "pass_rate" in name] == ["pass_rate"]


def test_a_new_column_of_scores_over_no_traces_is_empty(store, tmp_path):
    store.take_annotation("", CountTokens(), [])
    assert store.columns()["n_tokens"] == "number"
    assert store.is_complete(CountTokens())
    assert store.count(Filter()).tokens is None


def test_the_newest_segments_are_shown(store, take, tmp_path):
    take("first", {**ONE, "reasoning": "One plus one. It is 2."})
    annotate(store, tmp_path, SegmentReasoning())
    assert [(s.start, s.stop) for s in store.trace(store.ids(Filter())[0]).segments] == [(0, 22)]
    annotate(store, tmp_path, SegmentReasoning(splitter="sentence"))
    (trace,) = next(store.traces(store.ids(Filter())))
    assert [(s.start, s.stop) for s in trace.segments] == [(0, 14), (14, 22)]
    assert isinstance(trace.segments[0], Segment)


def test_everything_is_there_after_opening_again(store, take, tmp_path):
    take("first", ONE, TWO)
    annotate(store, tmp_path, CountTokens())
    before = store.page(Filter())
    store.close()
    again = Store(store.path)
    assert again.page(Filter()) == before
    again.close()


def test_a_store_held_by_another_process_names_it(tmp_path):
    code = (
        "import sys; from pathlib import Path; from curation.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "w.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        with pytest.raises(UserError, match=rf"w\.duckdb is open in another process, .*{other.pid}.*Use that one"):
            Store(tmp_path / "w.duckdb")
        other.communicate("")
    Store(tmp_path / "w.duckdb").close()


def test_a_file_that_is_no_store_is_named(tmp_path):
    (tmp_path / "w.duckdb").write_bytes(b"this is not a database at all" * 1000)
    with pytest.raises(UserError, match=r"The store .*w\.duckdb cannot be opened"):
        Store(tmp_path / "w.duckdb")
