import pytest

from curation.errors import UserError
from training.objectives.sft import Sft
from training.strategies.greedy import Greedy
from training.studies.grid import Axis, Point, axes, expand, label
from training.studies.study import Study

RECIPE = {
    "name": "short",
    "steps": [
        {"op": "count_tokens"},
        {"op": "verify_answer"},
        {"op": "keep_where", "score": "correct", "equals": True},
        {"op": "cut", "unit": "characters"},
    ],
}


def study(**values):
    return Study.parse({"name": "s", "benchmark": "b", "seeds": [0], **values})


def test_a_study_without_knobs_is_one_cell_a_seed():
    cells = expand(study(set="sums", seeds=[0, 3]))
    assert [(cell.labels, cell.seed, cell.set, cell.recipe) for cell in cells] == [
        ((), 0, "sums", None),
        ((), 3, "sums", None),
    ]
    assert (cells[0].objective, cells[0].strategy) == (Sft(), Greedy())


def test_two_teachers_two_levels_one_format_two_students_are_eight_cells_with_their_own_stable_ids():
    made = study(
        recipe=RECIPE,
        grid={
            "teacher": {"ada": {"dataset": ["ada"]}, "bob": {"dataset": ["bob"]}},
            "recipe.4.amount": [0.3, 0.5],
            "format": {"plain": {}},
            "student": ["small", "large"],
        },
    )
    cells = expand(made)
    assert [cell.labels for cell in cells] == [
        (teacher, amount, "plain", student)
        for teacher in ("ada", "bob") for amount in ("0.3", "0.5") for student in ("small", "large")
    ]  # fmt: skip
    ids = [cell.id for cell in cells]
    assert len(set(ids)) == 8
    assert ids == [cell.id for cell in expand(Study.read(made.yaml()))]
    # the same work written another way
    again = study(
        name="t", recipe=RECIPE, dataset=["bob"], student="large", grid={"recipe.4": {"low": {"recipe.4.amount": 0.3}}}
    )
    assert [cell.id for cell in expand(again)] == [ids[5]]


def test_a_value_reaches_the_step_the_objective_and_the_strategy_it_names():
    (cell,) = expand(
        study(
            recipe=RECIPE,
            grid={"recipe.4.amount": [0.25], "objective.learning_rate": [0.001], "strategy.max_new_tokens": [7]},
        )
    )
    assert cell.recipe.steps[3].amount == 0.25
    assert cell.objective == Sft(learning_rate=0.001)
    assert cell.strategy == Greedy(max_new_tokens=7)


def test_a_whole_recipe_is_put_in_place_before_its_steps_are_turned():
    one = {"name": "one", "steps": [{"op": "cut", "unit": "characters"}]}
    cells = expand(study(recipe=RECIPE, grid={"recipe.1.amount": [0.1, 0.2], "recipe": [one]}))
    assert [(cell.labels, cell.recipe.steps[0].amount) for cell in cells] == [
        (("0.1", "one"), 0.1),
        (("0.2", "one"), 0.2),
    ]


def test_a_set_takes_the_place_of_the_recipe():
    cells = expand(study(recipe=RECIPE, grid={"data": {"recipe": {}, "frozen": {"set": "sums"}}}))
    assert [(cell.recipe is None, cell.set) for cell in cells] == [(False, None), (True, "sums")]


def test_ablation_leaves_out_each_step_that_does_more_than_measure():
    cells = expand(study(recipe=RECIPE, ablate="recipe"))
    assert [(cell.labels, [step.title() for step in cell.recipe.steps]) for cell in cells] == [
        (("nothing",), ["count_tokens", "verify_answer", "keep_where", "cut"]),
        (("3. keep_where",), ["count_tokens", "verify_answer", "cut"]),
        (("4. cut",), ["count_tokens", "verify_answer", "keep_where"]),
    ]


def test_an_axis_of_numbers_knows_them_also_where_they_are_names():
    assert [
        axis.numbers for axis in axes(study(grid={"limit": [1, 2], "rho": {0.5: {}, 1: {"limit": 3}}, "x": {"a": {}}}))
    ] == [
        [1.0, 2.0],
        [0.5, 1.0],
        None,
    ]
    assert axes(study(grid={"rho": {0.5: {}}})) == [Axis("rho", (Point("0.5", {}),))]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1, "0.1"),
        (1, "1"),
        (None, "none"),
        (True, "true"),
        (RECIPE, "short"),
        ({"strategy": "greedy"}, "greedy"),
        ([1], "[1]"),
    ],
)
def test_values_are_labelled_as_people_say_them(value, shown):
    assert label(value) == shown


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"grid": {"amount": [1]}}, r"Study s, 1: 'amount' is no path to a parameter; a path begins with one of rec"),
        (
            {"grid": {"recipe.1.amount": [1]}, "set": "x"},
            "'recipe.1.amount' is a parameter of a recipe, and this cell has",
        ),
        (
            {"grid": {"recipe.9.amount": [1]}, "recipe": RECIPE},
            "names no step; the steps of short: 1 count_tokens, 2 verify_",
        ),
        (
            {"grid": {"recipe.4.much": [1]}, "recipe": RECIPE},
            "step 4: cut has no field 'much'; its fields: policy, amount",
        ),
        ({"grid": {"objective.rate": [1]}}, "Study s, 1: sft has no field 'rate'; its fields: learning_rate"),
        (
            {"grid": {"strategy.max_new_tokens": [0]}},
            "Study s, 0: greedy.max_new_tokens: input should be greater than",
        ),
        ({"grid": {"objective": ["magic"]}}, "Unknown objective 'magic'; known:"),
        ({"grid": {"limit": []}}, "The knob 'limit' has no values; give it at least one"),
        ({"grid": {"limit": [3, 3]}}, "Study s: '3, seed 0' and '3, seed 0' are the same; remove one"),
        ({"recipe": RECIPE, "set": "x"}, "it has both a recipe and a set; remove one of them"),
        ({"ablate": "recipe"}, "'ablate: recipe' needs a recipe to leave steps out of"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_its_labels(values, message):
    with pytest.raises(UserError, match=message.replace("(", r"\(")):
        expand(study(**values))
