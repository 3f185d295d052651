"""Curated sets: complete or not there, and rebuilt equal."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.application.sources import Parts
from curation.curated import CuratedSet, Origin, all_sets, is_set_of, write_set
from curation.engine import apply
from curation.errors import UserError
from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.recipe import Recipe
from curation.table import SCHEMA
from curation.trace import Trace

RECIPE = Recipe(
    name="half",
    steps=(CountTokens(), KeepWhere(score="n_tokens", minimum=3), SegmentReasoning(), Cut(amount=0.5), CountTokens()),
)


@pytest.fixture
def source(tmp_path: Path, traces: list[Trace], write_traces: Callable) -> Parts:
    return Parts(write_traces(tmp_path / "in", traces))


def origin(name: str) -> Origin:
    return Origin(name=name, recipe="half", recipe_yaml=RECIPE.dump(), source={"files": ["x"]}, rebuild="rebuild it")


def freeze(folder: Path, source: Parts, recipe: Recipe = RECIPE) -> CuratedSet:
    with apply(recipe.steps, source, folder.with_name(f"{folder.name}-work")) as result:
        return write_set(folder, result, origin(folder.name))


def test_a_set_says_where_it_comes_from_and_what_it_holds(source, tmp_path):
    curated = freeze(tmp_path / "sets" / "kept", source)
    manifest = curated.manifest
    assert Origin(**manifest.model_dump(include=set(Origin.model_fields))) == origin("kept")
    assert (curated.name, manifest.rows, manifest.problems) == ("kept", 3, 2)
    assert manifest.scores == ["n_tokens", "n_reasoning_tokens"]
    assert [step.op for step in manifest.steps] == [step.title() for step in RECIPE.steps]
    assert manifest.tokens == sum(pq.read_table(curated.paths).column("n_tokens").to_pylist())
    assert manifest.created.endswith("+00:00")


def test_parts_have_their_rows_scores_and_hashes(source, tmp_path):
    curated = freeze(tmp_path / "sets" / "kept", source)
    assert sorted(path.name for path in curated.folder.iterdir()) == [
        "ledger.parquet", "manifest.json", *(path.name for path in curated.paths)
    ]  # fmt: skip
    assert [(part.file, part.rows, part.sha256) for part in curated.manifest.parts] == [
        (path.name, pq.ParquetFile(path).metadata.num_rows, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in curated.paths
    ]
    assert pq.read_schema(curated.paths[0]).names == [*SCHEMA.names, "n_tokens", "n_reasoning_tokens"]
    assert [trace.reasoning for trace in curated.traces()] == ["one and one", "Wait, no.\n\n", "two three times"]


def test_the_recipe_of_a_manifest_rebuilds_equal_rows(source, tmp_path):
    first = freeze(tmp_path / "sets" / "first", source)
    second = freeze(tmp_path / "sets" / "second", source, Recipe.read(first.manifest.recipe_yaml))
    assert pq.read_table(first.paths) == pq.read_table(second.paths)
    assert first.manifest.parts == second.manifest.parts
    assert pq.read_table(first.ledger) == pq.read_table(second.ledger)


def test_a_set_is_not_there_before_it_is_complete(source, tmp_path):
    folder = tmp_path / "sets" / "kept"
    with apply(RECIPE.steps, source, tmp_path / "work") as result:
        next((tmp_path / "work").glob("*_cut_*/part-00001.parquet")).unlink()
        with pytest.raises(FileNotFoundError, match="part-00001"):
            write_set(folder, result, origin("kept"))
    assert not folder.exists()
    assert all_sets(folder.parent) == []
    assert freeze(folder, source).manifest.rows == 3
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_a_name_that_is_taken_is_refused(source, tmp_path):
    freeze(tmp_path / "sets" / "kept", source)
    with pytest.raises(UserError, match=r"^A curated set 'kept' exists already in .*sets; choose another name\.$"):
        freeze(tmp_path / "sets" / "kept", source)


def test_a_recipe_that_keeps_nothing_freezes_an_empty_set(source, tmp_path):
    nothing = Recipe(name="none", steps=(KeepWhere(score="n_chars", minimum=10_000),))
    curated = freeze(tmp_path / "sets" / "none", source, nothing)
    assert (curated.manifest.rows, curated.manifest.parts, list(curated.traces())) == (0, [], [])
    assert curated.manifest.steps[0].reasons == {"n_chars is below 10000": 6}


def test_sets_are_listed_newest_first_and_a_missing_one_names_them(source, tmp_path):
    made = [freeze(tmp_path / "sets" / name, source) for name in "ab"]
    assert {curated.name for curated in all_sets(tmp_path / "sets")} == {"a", "b"}
    created = [curated.manifest.created for curated in all_sets(tmp_path / "sets")]
    assert created == sorted(created, reverse=True)
    assert len(made) == 2
    with pytest.raises(UserError, match=r"^There is no curated set 'c' in .*sets; sets: a, b\.$"):
        CuratedSet(tmp_path / "sets" / "c")
    with pytest.raises(UserError, match=r"sets: none yet\.$"):
        CuratedSet(tmp_path / "empty" / "c")


def test_a_set_is_known_by_its_origin(source, tmp_path):
    freeze(tmp_path / "sets" / "kept", source)
    assert is_set_of(tmp_path / "sets" / "kept", origin("kept"))
    assert not is_set_of(tmp_path / "sets" / "kept", origin("other"))
    assert not is_set_of(tmp_path / "sets" / "nothing", origin("kept"))
