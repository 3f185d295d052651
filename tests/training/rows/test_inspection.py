from dataclasses import replace

import pytest
from worlds import sums

from curation.errors import UserError
from curation.operators.chunk import Chunk
from curation.trace import Problem, Segment, Trace
from training.objectives.chunkwise import Chunkwise
from training.objectives.sft import Sft
from training.rows.data import check, render_all
from training.rows.inspection import SLICE_ROWS, Inspection, affected, count, places


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


def test_what_an_objective_trains_is_what_is_counted(make_set, tokenizer, student_folder):
    chunked = [chunk for trace in sums(3) for chunk in Chunk(by="sentences").map(trace)]
    segmented = [replace(trace, segments=(Segment(0, 4, "plan"), Segment(4, 10, "attempt"))) for trace in sums(3)]
    curated = make_set([*chunked, *segmented, Trace(Problem("e?"), "so " * 40, "1")])
    for reading in (
        Sft(sections=["prompt", "answer"]).reading(),
        Sft(instruction="In {budget}: {question}", budgets=[20, 60]).reading(),
        Chunkwise().reading(),
    ):
        seen = Inspection(curated, str(student_folder), tokenizer, reading)
        seen.finish()
        for limit in (30, 60, 1000):
            rows = list(render_all(tokenizer, curated.traces(), limit, reading))
            assert count(seen.rows(), limit) == check(rows)
            assert places(seen.rows(), limit, "no_trained_token") == [
                n for n, row in enumerate(rows) if not row.trained
            ]


def test_each_reading_of_a_set_is_an_inspection_of_its_own(make_set, tokenizer, student_folder):
    curated = make_set(sums(2))
    folders = {
        Inspection(curated, str(student_folder), tokenizer, objective.reading()).folder
        for objective in (Sft(), Sft(sections=["answer"]), Sft(instruction="Now {question}"), Chunkwise())
    }
    assert len(folders) == 4


def test_rows_without_the_chosen_kinds_name_the_step_that_is_missing(make_set, tokenizer, student_folder):
    seen = Inspection(make_set(sums(2)), str(student_folder), tokenizer, Sft(kinds=["plan"]).reading())
    with pytest.raises(UserError, match="has no segments, so its kinds are unknown: add 'segment'"):
        seen.advance()
