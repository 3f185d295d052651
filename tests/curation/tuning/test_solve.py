"""Target solving: thresholds that leave so many rows or tokens, what was traded, and what cannot be had."""

import re

import pytest

from curation.errors import UserError
from curation.imports.run import import_files
from curation.operator import OPERATORS
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.tuning.dials import movable_steps
from curation.tuning.solve import Goal, solve

RECIPE = """
name: short
steps:
- op: count_tokens
- {op: keep_where, score: n_tokens, maximum: 20}
- {op: keep_where, score: n_chars, minimum: 10}
- {op: drop_duplicates}
"""


@pytest.fixture
def preview(workspace, write_jsonl, tmp_path):
    """A hundred traces of one to a hundred words; the problems of the longer ones are seldom solved."""
    rows = [{"question": f"Q{n // 4}?", "generation": "word " * n, "answer": "1"} for n in range(1, 101)]
    import_files([write_jsonl("rows.jsonl", *rows)], tmp_path / "imported")
    workspace.store.take_import("run", tmp_path / "imported")
    made = workspace.open_preview(Filter())
    yield made
    made.close()


def steps(text=RECIPE):
    return Recipe.read(text).steps


def test_thresholds_loosen_together_until_there_is_enough(preview):
    before = preview.apply(steps()).reports
    found = solve(preview, steps(), Goal(rows=60), [2, 3])
    assert (found.rows, found.met, found.limit) == (60, True, "")
    assert found.applications < 20
    assert [(traded.step, traded.field, traded.before) for traded in found.traded] == [
        (2, "maximum", 20.0),
        (3, "minimum", 10.0),
    ]
    assert found.traded[0].after > 20
    assert found.traded[1].after < 10
    assert (found.traded[0].kept_before, found.traded[0].kept_after) == (
        before[1].rows / 100,
        preview.apply(found.steps).reports[1].rows / 100,
    )
    assert preview.apply(found.steps).reports[-1].rows == 60


def test_thresholds_tighten_when_there_is_too_much(preview):
    lax = steps(RECIPE.replace("maximum: 20", "maximum: 90"))
    found = solve(preview, lax, Goal(rows=40), [2])
    assert (found.rows, found.met) == (40, True)
    assert [traded.field for traded in found.traded] == ["maximum"]
    assert found.steps[2:] == lax[2:]


def test_tokens_can_be_the_goal(preview):
    found = solve(preview, steps(), Goal(tokens=1500), [2])
    assert found.met
    assert 1500 <= found.tokens <= 1600
    assert found.applications < 20


def test_both_ends_of_a_range_move(preview):
    ranged = steps(RECIPE.replace("maximum: 20}", "minimum: 10, maximum: 20}"))
    assert solve(preview, ranged, Goal(rows=70), [2]).rows == 70
    few = solve(preview, ranged, Goal(rows=3), [2])
    assert (few.rows, [traded.field for traded in few.traded]) == (3, ["minimum", "maximum"])


def test_a_goal_that_cannot_be_met_says_what_there_is_and_which_step_stands_in_the_way(preview):
    found = solve(preview, steps(), Goal(rows=100), [3])
    assert not found.met
    match = re.fullmatch(
        r"With the chosen thresholds lifted, (\d+) rows are the most there are\. Step 2 \(keep_where\) drops the most "
        r"of the rest: (\d+) of 100 rows\.",
        found.limit,
    )
    assert [int(n) for n in match.groups()] == [found.rows, 100 - found.rows]


def test_a_goal_already_met_exactly_moves_nothing(preview):
    rows = preview.apply(steps()).reports[-1].rows
    found = solve(preview, steps(), Goal(rows=rows), [2])
    assert (found.steps, found.traded, found.rows) == (steps(), (), rows)


def test_steps_with_a_numeric_threshold_can_move():
    assert movable_steps(steps()) == [2, 3]


@pytest.mark.parametrize(
    ("goal", "movable", "message"),
    [
        (Goal(), [2], r"^A goal is a number of rows or of tokens, at least 1; found "),
        (Goal(rows=0), [2], r"^A goal is a number of rows or of tokens, at least 1; found "),
        (Goal(rows=5), [1], r"^No step is chosen whose threshold can move"),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused(preview, goal, movable, message):
    with pytest.raises(UserError, match=message):
        solve(preview, steps(), goal, movable)


def test_tokens_that_nobody_counted_are_no_goal(preview):
    uncounted = [OPERATORS.parse({"op": "keep_where", "score": "n_chars", "minimum": 9})]
    with pytest.raises(UserError, match=r"^The tokens of the rows left are not counted; add count_tokens"):
        solve(preview, uncounted, Goal(tokens=5), [1])


def test_a_step_that_reads_texts_afterwards_is_applied_at_most_thrice(preview):
    pruned = [*steps(), OPERATORS.parse({"op": "cut", "unit": "characters"})]
    found = solve(preview, pruned, Goal(rows=60), [2, 3])
    assert (found.rows, found.met) == (60, True)


RATED = """
name: rated
steps:
- op: count_tokens
- {op: verify_answer}
- {op: difficulty, min_traces: 1}
- {op: keep_where, score: correct, equals: true}
- {op: keep_where, score: n_chars, maximum: 200}
"""


@pytest.fixture
def rated(workspace, write_jsonl, tmp_path):
    """Forty problems of four traces; a third of the problems each is right always, twice, once."""
    rows = [
        {
            "question": f"What is {n} plus {n}?",
            "generation": f"<think>{'word ' * (n + 10 * sample)}</think>The answer is {2 * n if right else 0}.",
            "answer": str(2 * n),
        }
        for n in range(1, 41)
        for sample, right in enumerate([(True,) * 4, (True, True, False, False), (True, False, False, False)][n % 3])
    ]
    import_files([write_jsonl("rows.jsonl", *rows)], tmp_path / "imported")
    workspace.store.take_import("run", tmp_path / "imported")
    made = workspace.open_preview(Filter())
    yield made
    made.close()


def mix_of(result):
    query = f"SELECT difficulty, count(*) FROM ({result.alive(len(result.steps))}) GROUP BY 1 ORDER BY 1"
    return dict(result.connection.execute(query).fetchall())


def test_the_same_mix_keeps_the_proportions_of_the_start(rated):
    start = mix_of(rated.apply(steps(RATED)[:3]))
    before = mix_of(rated.apply(steps(RATED)))
    found = solve(rated, steps(RATED), Goal(rows=30, same_mix=True), [5])
    after = mix_of(rated.apply(found.steps))
    assert [step.title() for step in found.steps] == [*(step.title() for step in steps(RATED)), "balance"]
    assert found.met
    assert found.rows == sum(after.values())
    assert {value: round(30 * n / sum(start.values())) for value, n in start.items()} == after
    assert before != after


def test_the_step_that_mixes_is_replaced_not_added_again(rated):
    first = solve(rated, steps(RATED), Goal(rows=30, same_mix=True), [5])
    again = solve(rated, first.steps, Goal(rows=21, same_mix=True), [5])
    assert [step.title() for step in again.steps] == [step.title() for step in first.steps]
    assert again.rows == 21


def test_a_mix_that_cannot_be_had_names_what_is_scarce(rated):
    found = solve(rated, steps(RATED), Goal(rows=120, same_mix=True), [5])
    assert not found.met
    assert found.limit.endswith("rows of difficulty 0.75 are the scarcest: 13 are left.")


def test_difficulties_that_no_threshold_brings_back_are_left_out_and_named(rated):
    solved = steps(
        RATED.replace("score: n_chars", "score: difficulty, maximum: 0.6}\n- {op: keep_where, score: n_chars")
    )
    found = solve(rated, solved, Goal(rows=26, same_mix=True), [6])
    assert found.met
    assert set(mix_of(rated.apply(found.steps))) == {0.0, 0.5}
    assert found.note.endswith("whatever the chosen thresholds (0.75); the mix is that of the others.")


def test_the_same_mix_needs_the_difficulty(preview):
    with pytest.raises(UserError, match=r"needs the step 'difficulty' in the recipe"):
        solve(preview, steps(), Goal(rows=5, same_mix=True), [2])
