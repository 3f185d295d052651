import pytest
from worlds import sums

from curation.errors import UserError
from curation.trace import Problem, Trace
from training.data import check, render_all
from training.inspection import SLICE_ROWS, Inspection, affected, count, places


def bad():
    """A stray tag, an empty trace, a question that ends in a space, a long row."""
    return [
        *sums(3),
        Trace(Problem("a?"), "no </think> yes", "1"),
        Trace(Problem("b?"), "", " "),
        Trace(Problem("c? "), "so", "1"),
        Trace(Problem("d?"), "and so on " * 20, "1"),
    ]


def test_counts_are_those_of_rendering_every_row(make_set, tokenizer, student_folder):
    curated = make_set(bad())
    seen = Inspection(curated, str(student_folder), tokenizer)
    assert seen.advance()
    for limit in (10, 60, 1000):
        assert count(seen.rows(), limit) == check(render_all(tokenizer, curated.traces(), limit))


def test_rows_with_a_defect_are_found_by_number(make_set, tokenizer, student_folder):
    seen = Inspection(make_set(bad()), str(student_folder), tokenizer)
    seen.finish()
    rows = seen.rows()
    assert (places(rows, 1000, "orphan_think"), places(rows, 1000, "prompt_space")) == ([3], [5])
    assert (places(rows, 1000, "no_trained_token"), places(rows, 100, "answer_cut")) == ([4], [6])
    assert affected(rows, 100, ["orphan_think", "answer_cut"]) == 2
    assert affected(rows, 100, []) == 0


def test_slices_go_on_where_they_stopped(make_set, tokenizer, student_folder):
    curated = make_set(sums(SLICE_ROWS + 3))
    first = Inspection(curated, str(student_folder), tokenizer)
    assert (first.advance(), first.done()) == (False, SLICE_ROWS)
    second = Inspection(curated, str(student_folder), tokenizer)
    assert (second.done(), second.advance(), second.done()) == (SLICE_ROWS, True, SLICE_ROWS + 3)
    assert [path.name for path in second.folder.iterdir()] == ["rows.parquet"]
    assert second.rows().column("id").to_pylist() == [trace.id for trace in curated.traces()]


def test_another_template_is_another_inspection(make_set, tokenizer, student_folder):
    curated, template = make_set(sums(2)), tokenizer.chat_template
    first = Inspection(curated, str(student_folder), tokenizer).folder
    tokenizer.chat_template = template + " "
    second = Inspection(curated, str(student_folder), tokenizer).folder
    tokenizer.chat_template = template
    assert first != second


def test_an_empty_set_is_inspected_at_once(make_set, tokenizer, student_folder):
    seen = Inspection(make_set([]), str(student_folder), tokenizer)
    assert seen.advance()
    assert count(seen.rows(), 10).rows == 0


def test_a_student_that_cannot_render_a_row_is_named(make_set, tokenizer):
    seen = Inspection(make_set(sums(2)), "/nowhere", tokenizer)
    with pytest.raises(UserError, match=r"The tokenizer '/nowhere' cannot be loaded"):
        seen.advance()
