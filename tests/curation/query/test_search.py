"""Searches by text, expression, meaning and SQL: looked up once, honoured by every query."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.application.batches import annotate_batch
from curation.errors import UserError
from curation.operators.embed import Embed
from curation.query.filters import Filter, Search
from curation.query.search import KEPT
from curation.store import Store
from curation.table import to_table, write_part
from curation.trace import Problem, Trace


@pytest.fixture
def solutions() -> list[Trace]:
    """Two traces about boats, one about bread."""
    boats, bread = Problem("How fast does the boat sail?"), Problem("How much flour is in the bread?")
    return [
        Trace(boats, "The boat sails.\nWait, the wind.", "5", "ada"),
        Trace(bread, "Flour and water.", "500 g", "ada"),
        Trace(boats, "It drifts, it's slow.", "5", "bob"),
    ]


@pytest.fixture
def store(store_of: Callable[[list[Trace]], Store], solutions: list[Trace]) -> Store:
    """The three traces, not embedded yet."""
    return store_of(solutions)


def embed(store: Store, traces: list[Trace], folder: Path) -> None:
    write_part(annotate_batch(Embed(), traces), folder / "vectors.parquet")
    store.take_annotation("", Embed(), [folder / "vectors.parquet"])


def test_searches_are_the_conditions_that_are_looked_up():
    chosen = Filter(text=" ", regex="a+", meaning="boats", nearest=3, sql="n_chars > 1", ranges={"n_chars": (1, 2)})
    assert chosen.searches() == [Search("regex", "a+"), Search("meaning", "boats", 3), Search("sql", "n_chars > 1")]
    assert Filter.from_query(chosen.to_query()) == chosen


def test_texts_are_found_in_question_reasoning_and_answer_whatever_their_case(store, solutions):
    found = {text: store.ids(Filter(text=text)) for text in ("WIND", "flour is", "500 g", "it's", "nothing")}
    one, two, three = (trace.id for trace in solutions)
    assert found == {"WIND": [one], "flour is": [two], "500 g": [two], "it's": [three], "nothing": []}


def test_expressions_are_found_in_question_reasoning_and_answer(store, solutions):
    found = {text: store.ids(Filter(regex=text)) for text in (r"sails\.\nWait", r"(?i)FLOUR", r"^\d+ g$", r"x{3}")}
    assert found == {r"sails\.\nWait": [solutions[0].id], "(?i)FLOUR": [solutions[1].id],
                     r"^\d+ g$": [solutions[1].id], "x{3}": []}  # fmt: skip


def test_an_expression_that_is_none_says_why(store):
    with pytest.raises(UserError, match=r"'\(wait' is no regular expression \(missing \): \(wait\); correct it"):
        store.count(Filter(regex="(wait"))


def test_the_nearest_in_meaning_come_first_with_their_similarity(store, solutions, tmp_path):
    embed(store, solutions, tmp_path)
    page = store.page(Filter(meaning="flour for bread", nearest=3)).to_pylist()
    assert page[0]["id"] == solutions[1].id
    similar = [row["similarity_to_search"] for row in page]
    assert similar == sorted(similar, reverse=True)
    assert store.ids(Filter(meaning="flour for bread", nearest=1)) == [solutions[1].id]
    assert store.page(Filter(meaning="flour", nearest=3), sort="n_chars")["n_chars"].to_pylist() == [21, 22, 32]
    assert "similarity_to_search" not in store.page(Filter()).column_names


def test_meaning_before_anything_is_embedded_says_what_to_measure(store):
    with pytest.raises(UserError, match="Nothing is embedded yet.*measure 'embed' first"):
        store.count(Filter(meaning="boats"))


def test_words_the_encoder_does_not_know_are_said(store, solutions, tmp_path):
    embed(store, solutions, tmp_path)
    with pytest.raises(UserError, match=r"The encoder knows no word of '\?!'"):
        store.count(Filter(meaning="?!"))


def test_conditions_of_every_kind_hold_together(store, solutions, tmp_path):
    embed(store, solutions, tmp_path)
    chosen = Filter(
        text="boat", regex="sail", meaning="boat", nearest=2, sql="n_chars > 20", values={"model": ("bob",)}
    )
    assert store.ids(chosen) == [solutions[2].id]
    assert store.count(chosen).rows == 1
    assert store.light(chosen)["id"].to_pylist() == [solutions[2].id]
    store.write_traces(chosen, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [solutions[2].id]


def test_what_was_found_follows_the_data(store, solutions, tmp_path):
    assert (store.count(Filter(text="boat")).rows, store.count(Filter(sql="n_chars > 0")).rows) == (2, 3)
    write_part(to_table([Trace(Problem("A third boat?"), "Hm.")]), tmp_path / "more" / "part-00000.parquet")
    (tmp_path / "more" / "report.json").write_text('{"files": []}')
    store.take_import("more", tmp_path / "more")
    assert (store.count(Filter(text="boat")).rows, store.count(Filter(sql="n_chars > 0")).rows) == (3, 4)


def test_old_searches_are_forgotten(store):
    for number in range(KEPT + 5):
        store.count(Filter(text=f"word {number}"))
    query = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'found'"
    assert store.cursor().execute(query).fetchone() == (KEPT,)
