import pytest

from curation.errors import UserError
from training.studies.grid import expand
from training.studies.knobs import Load, knobs, load, read_points, write_points
from training.studies.study import Study

RECIPE = {"name": "r", "steps": [{"op": "count_tokens"}, {"op": "keep_where", "score": "n_tokens", "maximum": 9}]}


def study(**values):
    return Study.parse({"name": "s", "benchmark": "b", **values})


def test_every_parameter_of_recipe_objective_and_strategy_can_be_turned():
    found = knobs(study(recipe=RECIPE))
    assert found["recipe.2.maximum"] == "2. keep_where: maximum"
    assert found["objective.learning_rate"] == "learning rate (sft)"
    assert found["strategy.max_new_tokens"] == "max new tokens (greedy)"
    assert {"recipe", "set", "student", "objective", "strategy", "limit"} <= set(found)


def test_a_turned_path_is_one_the_grid_takes():
    found = knobs(study(recipe=RECIPE))
    assert [path for path in found if path.startswith("recipe.")] == ["recipe.2.score", "recipe.2.maximum"]
    assert len(expand(study(recipe=RECIPE, grid={"recipe.2.maximum": [1, 2]}))) == 6


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0.1, 0.5, 1", [0.1, 0.5, 1]),
        ("raw, verified", ["raw", "verified"]),
        ("[[1, 2], [3]]", [[1, 2], [3]]),
        ("short: {limit: 1}\nlong: {limit: 2}", {"short": {"limit": 1}, "long": {"limit": 2}}),
        ("7", [7]),
        ("", []),
    ],
)
def test_values_are_read_as_people_write_them(text, points):
    assert read_points(text) == points
    assert read_points(write_points(points)) == points


def test_values_nobody_can_read_are_refused():
    with pytest.raises(UserError, match=r"The values '\[1' cannot be read; write them as in 0.1, 0.5, 1 or as YAML"):
        read_points("[1")


def test_equal_sets_and_trainings_are_counted_once():
    strategies = {"strategy.max_new_tokens": [1, 2, 3], "recipe.2.maximum": [5, 6]}
    found = load(expand(study(recipe=RECIPE, seeds=[0, 1], grid=strategies)))
    assert found == Load(cells=12, seeds=2, sets=2, trainings=4)
    assert found.sentence().startswith("12 cells = 6 combinations × 2 seeds: 2 sets to make, 4 trainings, 12 eval")


def test_an_evaluation_alone_says_so():
    found = load(expand(study(seeds=[0])))
    assert found.sentence().startswith("1 cell = 1 combination × 1 seed: 1 evaluation. What is done already")
