"""The table of scores grows by what is taken in, and is what it would be were it made anew."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from curation.application.batches import annotate_batch
from curation.imports.mapping import parse_mapping
from curation.imports.run import import_files
from curation.operator import Annotator
from curation.operators.count_tokens import CountTokens
from curation.operators.difficulty import Difficulty
from curation.operators.repetition import Repetition
from curation.operators.verify_answer import VerifyAnswer
from curation.query.filters import Filter
from curation.store import Store
from curation.table import write_part
from curation.workspace import Workspace

MAPPING = parse_mapping("question=question,reasoning=reasoning,answer=answer,reference=reference")


@pytest.fixture
def workspace(tmp_path: Path):
    made = Workspace(tmp_path / "ws")
    yield made
    made.store.close()


def take(workspace: Workspace, run: str, *numbers: int) -> None:
    rows = [
        {"question": f"{n // 2} + 1?", "reasoning": f"Step {n}. " * n, "answer": str(n), "reference": str(n // 2 + 1)}
        for n in numbers
    ]
    file = workspace.root / f"{run}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_files([file], workspace.root / run, MAPPING)
    workspace.store.take_import(run, workspace.root / run)


def annotate(workspace: Workspace, step: Annotator) -> None:
    store, path = workspace.store, workspace.root / f"{step.key()}.parquet"
    traces = [trace for batch in store.traces(store.ids(Filter())) for trace in batch]
    write_part(annotate_batch(step, traces), path)
    store.take_annotation("", step, [path])


def grown_and_anew(store: Store) -> tuple[pa.Table, pa.Table]:
    """The table as it grew, and as it is made anew: columns and their order included."""
    query = "FROM scores ORDER BY rowid"
    grown = store.cursor().sql(query).to_arrow_table()
    with store.writing() as cursor:
        store.rebuild(cursor)
    return grown, store.cursor().sql(query).to_arrow_table()


def test_scores_that_grew_are_those_made_anew(workspace):
    store = workspace.store
    take(workspace, "first", 1, 2, 3)
    grown, anew = grown_and_anew(store)
    assert grown == anew
    annotate(workspace, Repetition(n=1))
    workspace.label(store.ids(Filter())[0], "decision", "drop", "ada")
    take(workspace, "second", 3, 4, 5)
    grown, anew = grown_and_anew(store)
    assert grown == anew
    annotate(workspace, VerifyAnswer())
    annotate(workspace, Repetition(n=4))
    grown, anew = grown_and_anew(store)
    assert grown == anew
    store.take_annotation("", Difficulty(), [])
    take(workspace, "third", 6, 7)
    grown, anew = grown_and_anew(store)
    assert grown == anew
    annotate(workspace, Repetition(n=1))
    annotate(workspace, CountTokens())
    grown, anew = grown_and_anew(store)
    assert grown == anew
    measured = (Repetition(n=1), VerifyAnswer(), CountTokens(), Difficulty())
    assert {name for step in measured for name in step.adds()} <= set(anew.column_names)
    assert anew["decision"].to_pylist().count("drop") == 1


def test_a_label_that_was_there_before_its_trace_is_shown_with_it(workspace):
    take(workspace, "first", 1)
    (known,) = workspace.store.ids(Filter())
    workspace.label(known, "decision", "drop", "ada")
    workspace.store.close()
    (workspace.root / "winnow.duckdb").unlink()
    again = Workspace(workspace.root)
    take(again, "first", 1)
    assert again.store.page(Filter())["decision"].to_pylist() == ["drop"]
    again.store.close()


def test_opening_a_store_makes_scores_anew_only_where_it_measures_otherwise(workspace):
    take(workspace, "first", 1)
    annotate(workspace, CountTokens())
    path = workspace.store.path
    with workspace.store.writing() as cursor:
        cursor.execute("UPDATE scores SET n_chars = -1")
    workspace.store.close()
    same = Store(path)
    assert same.page(Filter())["n_chars"].to_pylist() == [-1]
    with same.writing() as cursor:
        cursor.execute("UPDATE annotations SET key = 'count_tokens_older'")
    same.close()
    other = Store(path)
    assert other.page(Filter())["n_chars"].to_pylist() == [8]
    assert "n_tokens" not in other.columns()
    other.close()
