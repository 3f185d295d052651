import pyarrow as pa
import pytest

from curation.application.batches import annotate_batch, annotation_schema
from curation.operators.embed import Embed
from curation.operators.map_embeddings import MapEmbeddings
from curation.query.filters import Filter
from curation.query.lasso import Lasso
from curation.table import write_part


def charts(at):
    return [chart.alt for chart in at.get("plotly_chart")]


@pytest.fixture
def mapped(workspace, tmp_path):
    """The workspace with vectors and places on a map."""
    store = workspace.store
    traces = [trace for batch in store.traces(store.ids(Filter())) for trace in batch]
    vectors = annotate_batch(Embed(what="both"), traces)
    write_part(vectors, tmp_path / "vectors.parquet")
    store.take_annotation("", Embed(what="both"), [tmp_path / "vectors.parquet"])
    places = MapEmbeddings().conclude(vectors)
    failures = places.append_column("failure", vectors.column("failure"))
    write_part(failures, tmp_path / "places.parquet")
    store.take_annotation("", MapEmbeddings(), [tmp_path / "places.parquet"])
    return workspace


def test_charts_are_drawn_for_length_difficulty_teacher_and_roles(page, workspace, words):
    at = page("explore")
    text = words(at)
    for heading in ("Model", "Dataset", "Subject", "Correct", "Lengths and roles", "Map"):
        assert heading in text
    assert "tenth" not in text
    assert "The longest 25% of the traces hold" in text


def test_fewer_charts_are_drawn_when_fewer_are_asked_for(page, workspace, words):
    at = page("explore")
    at.get("button_group")[0].set_value(["Lengths and roles"]).run()
    assert not at.exception
    text = words(at)
    assert "Lengths and roles" in text
    assert "Teachers and datasets" not in text


def test_before_anything_is_embedded_the_map_offers_to(page, workspace):
    labels = [button.label for button in page("explore").button]
    assert "Measure meaning" in labels
    assert "Draw it by UMAP" not in labels


def test_the_map_of_very_many_traces_is_drawn_when_somebody_asks_for_it(page, workspace, tmp_path):
    store, many = workspace.store, 200_001
    with store.writing() as cursor:
        cursor.execute(f"INSERT INTO traces (id, problem_id) SELECT i::VARCHAR, 'p' FROM range({many}) r(i)")
        store.rebuild(cursor)
    ids = store.ids(Filter())
    columns = {"id": ids, "vector": [[0.0, 1.0]] * len(ids), "failure": [None] * len(ids)}
    write_part(pa.table(columns, schema=annotation_schema(Embed())), tmp_path / "vectors.parquet")
    store.take_annotation("", Embed(), [tmp_path / "vectors.parquet"])
    labels = [button.label for button in page("explore").button]
    assert "Draw the map" in labels
    assert "Draw it by UMAP" not in labels
    assert "map_x" not in store.columns()


def test_an_embedded_workspace_has_a_map_and_a_lasso_in_the_address_filters(page, mapped, words):
    places = mapped.store.points("map_x", "map_y", None, Filter()).to_pylist()
    x, y = places[0]["x"], places[0]["y"]
    corners = ((x - 0.01, y - 0.01), (x + 0.01, y - 0.01), (x + 0.01, y + 0.01), (x - 0.01, y + 0.01))
    chosen = Filter(lasso=Lasso(x="map_x", y="map_y", points=corners))
    at = page("explore", filter=chosen.to_query())
    assert not at.exception
    assert not at.error
    assert f"{mapped.store.count(chosen).rows} of 4 traces" in words(at)
    assert mapped.store.count(chosen).rows < 4
    assert "Draw it by UMAP" in [button.label for button in at.button]


def test_meaning_is_searched_from_the_bar(page, mapped, words):
    at = page("traces")
    next(box for box in at.selectbox if box.label == "Search by").set_value("meaning").run()
    next(box for box in at.text_input if box.label == "Search").set_value("nuts that Ben eats").run()
    assert not at.exception
    assert Filter.from_query(at.query_params["filter"]) == Filter(meaning="nuts that Ben eats")
    next(box for box in at.number_input if box.label == "Nearest").set_value(2).run()
    assert "2 of 4 traces" in words(at)


def test_a_regular_expression_is_searched_from_the_bar(page, workspace, words):
    at = page("explore")
    next(box for box in at.selectbox if box.label == "Search by").set_value("regex").run()
    next(box for box in at.text_input if box.label == "Search").set_value(r"9\\s-\\s4").run()
    assert Filter.from_query(at.query_params["filter"]) == Filter(regex=r"9\\s-\\s4")
    assert "0 of 4 traces" in words(at) or "2 of 4 traces" in words(at)


def test_an_expression_that_is_none_can_be_taken_away(page, workspace, words):
    at = page("explore", filter=Filter(regex="(").to_query())
    assert "is no regular expression" in at.error[0].value
    next(button for button in at.button if "matches" in button.label).click().run()
    assert not at.error
    assert "4 of 4 traces" in words(at)


def test_meaning_in_the_address_of_an_unembedded_workspace_offers_to_measure_it(page, workspace):
    at = page("explore", filter=Filter(meaning="beads").to_query())
    assert "Nothing is embedded yet" in at.error[0].value
    assert "Measure meaning" in [button.label for button in at.button]


def test_an_empty_filter_result_still_draws_the_page(page, workspace, words):
    at = page("explore", filter=Filter(text="zebra").to_query())
    assert not at.exception
    assert not at.error
    assert "0 of 4 traces" in words(at)


def test_a_score_that_is_gone_is_an_error_in_place(page, workspace):
    at = page("explore", filter=Filter(ranges={"nothing": (1, 2)}).to_query())
    assert not at.exception
    assert "Unknown score in the filter 'nothing'" in at.error[0].value
