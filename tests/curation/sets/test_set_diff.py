from pathlib import Path

import pytest

from curation.application.sources import Parts
from curation.curated import CuratedSet, Origin, write_set
from curation.engine import apply
from curation.operators.count_tokens import CountTokens
from curation.operators.cut import Cut
from curation.operators.keep_where import KeepWhere
from curation.recipe import Recipe
from curation.sets.set_diff import Changed, compare_sets

ALL = Recipe(name="all", steps=(CountTokens(),))
LONG = Recipe(name="long", steps=(CountTokens(), KeepWhere(score="n_chars", minimum=12)))
HALF = Recipe(name="half", steps=(Cut(unit="characters", amount=0.5), CountTokens()))


@pytest.fixture
def freeze(tmp_path, traces, write_traces):
    source = Parts(write_traces(tmp_path / "in", traces))

    def make(recipe: Recipe) -> CuratedSet:
        origin = Origin(name=recipe.name, recipe=recipe.name, recipe_yaml=recipe.dump(), source={}, rebuild="")
        with apply(recipe.steps, source, tmp_path / recipe.name) as result:
            return write_set(tmp_path / "sets" / recipe.name, result, origin)

    return make


def test_rows_that_went_and_came_are_told_in_order(freeze, traces):
    everything, long = freeze(ALL), freeze(LONG)
    found = compare_sets(everything, long)
    kept = list(long.traces())
    assert found.same == len(kept)
    assert found.removed == [trace.id for trace in traces if trace.id not in {other.id for other in kept}]
    assert (found.added, found.changed) == ([], [])
    back = compare_sets(long, everything)
    assert (back.added, back.removed) == (found.removed, [])
    assert [change.kind for change in found.recipe] == ["text", "added"]


def test_a_shortened_trace_is_changed_and_paired_with_its_parent(freeze, traces):
    found = compare_sets(freeze(ALL), freeze(HALF))
    parents = {row.before for row in found.changed}
    assert len(parents) + found.same == len(traces)
    assert parents <= {trace.id for trace in traces}
    assert all(isinstance(row, Changed) for row in found.changed)
    assert (found.removed, found.added) == ([], [])


def test_scores_of_both_share_their_bins(freeze):
    found = compare_sets(freeze(ALL), freeze(LONG))
    tokens = next(number for number in found.numbers if number.name == "n_tokens")
    assert (sum(tokens.before), sum(tokens.after)) == (6, found.same)
    assert len(tokens.edges) == len(tokens.before) + 1
    models = next(one for one in found.categories if one.name == "model")
    assert models.before == {"ada": 3, "bob": 2, "cyd": 1}
    assert [number.name for number in found.numbers] == ["n_tokens", "n_reasoning_tokens", "n_chars"]


def test_a_set_equals_itself(freeze):
    same = freeze(ALL)
    found = compare_sets(same, CuratedSet(Path(same.folder)))
    assert (found.same, found.removed, found.added, found.changed, found.recipe) == (6, [], [], [], [])
    assert found.sentence("a", "b") == "a and b: 6 rows in both, 0 changed, 0 only in a, 0 only in b"
