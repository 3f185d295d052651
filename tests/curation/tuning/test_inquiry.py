"""Questions asked of a preview: the mix against the start, rows by reason, rows that come back."""

import pytest

from curation.imports.run import import_files
from curation.operator import OPERATORS
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.tuning import inquiry
from curation.tuning.dials import dials

RECIPE = """
name: short
steps:
- {op: keep_where, score: n_chars, maximum: 50}
- {op: keep_where, score: model, values: [ada]}
"""


@pytest.fixture
def preview(workspace, write_jsonl, tmp_path):
    """Twenty traces of 5 to 100 characters of two teachers in turn."""
    rows = [
        {"question": f"Q{n // 2}?", "generation": "x" * 5 * (n + 1), "answer": "1", "model": ("ada", "bob")[n % 2]}
        for n in range(20)
    ]
    import_files([write_jsonl("rows.jsonl", *rows)], tmp_path / "imported")
    workspace.store.take_import("run", tmp_path / "imported")
    made = workspace.open_preview(Filter())
    yield made
    made.close()


@pytest.fixture
def result(preview):
    return preview.apply(Recipe.read(RECIPE).steps)


def test_the_mix_compares_what_is_left_with_the_start(preview, result):
    found = inquiry.mix(preview, result, [])
    assert [(shift.name, shift.rows) for shift in found.shifts] == [("n_chars", (20, 5)), ("model", (20, 5))]
    assert found.shifts[0].effect < -0.4
    assert found.shifts[1].effect == 0.5
    assert found.fifths == []


def test_stored_difficulty_is_compared_though_the_recipe_does_not_measure_it(preview, result, workspace):
    stored = [OPERATORS.parse({"op": name}) for name in ("difficulty", "verify_answer")]
    found = inquiry.mix(preview, result, stored)
    assert "difficulty" in [shift.name for shift in found.shifts]
    assert sum(fifth.problems for fifth in found.fifths) == 10
    assert sum(fifth.lost for fifth in found.fifths) == 5


def test_the_mix_after_a_mapper_takes_the_difficulty_of_the_problem(preview):
    steps = [OPERATORS.parse({"op": "cut", "unit": "characters"})]
    stored = [OPERATORS.parse({"op": name}) for name in ("verify_answer", "difficulty")]
    shifts = {shift.name: shift for shift in inquiry.mix(preview, preview.apply(steps), stored).shifts}
    assert shifts["difficulty"].effect == 0
    assert shifts["n_chars"].effect < 0


def test_rows_dropped_for_a_reason_are_listed(result):
    table = inquiry.dropped(result, 1, "n_chars is above 50")
    assert sorted(table["value"].to_pylist()) == [float(5 * n) for n in range(11, 21)]


def test_rows_that_come_back_are_counted_to_the_end(preview, result):
    changed = inquiry.at_threshold(result.steps[0], "maximum", 70)
    found = inquiry.returning(preview, result, 1, changed)
    assert [row["value"] for row in found.rows.to_pylist()] == [55.0, 60.0, 65.0, 70.0]
    assert (found.reach_end, found.estimated) == (2, False)


def test_a_threshold_can_loosen_to_the_farthest_row_it_drops(result):
    (dial,) = dials(result.steps, [1])
    assert inquiry.looser(result, dial) == (50.0, 100.0, 75.0)
    assert inquiry.looser(result, dial._replace(now=500.0)) is None


def test_a_recipe_that_asks_for_peoples_decisions_needs_no_reminder():
    step = OPERATORS.parse({"op": "keep_where", "score": "decision", "values": ["keep"], "unknown": "keep"})
    assert inquiry.undecided_by_people(Recipe.read(RECIPE).steps)
    assert not inquiry.undecided_by_people([step])


def test_problems_lost_are_counted_where_counts_are_exact(workspace, write_jsonl, tmp_path):
    rows = [
        {"question": f"{n}+0?", "generation": f"<think>{'so ' * n}</think>{n}", "answer": str(n)} for n in range(300)
    ]
    import_files([write_jsonl("many.jsonl", *rows)], tmp_path / "many")
    workspace.store.take_import("many", tmp_path / "many")
    preview = workspace.open_preview(Filter())
    steps = [OPERATORS.parse({"op": "difficulty", "correct": "given_correct"})]
    steps += [OPERATORS.parse({"op": "keep_where", "score": "difficulty", "minimum": 0.2})]
    steps += [OPERATORS.parse({"op": "cut", "unit": "characters"})]
    found = inquiry.mix(preview, preview.apply(steps), steps[:1])
    assert found.counted == 2
    assert [fifth.lost for fifth in found.fifths][1:] == [0, 0, 0, 0]
    assert found.fifths[0].lost > 50
    preview.close()
