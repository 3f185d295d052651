from collections import Counter

import pytest

from curation.operator import Failure
from curation.operators.run_program import RunProgram
from curation.operators.to_program import ToProgram
from curation.trace import Problem, Trace


def program(reasoning):
    return ToProgram().map(Trace(Problem("q"), reasoning, "5"))[0].reasoning


def test_a_mark_becomes_an_assignment_and_an_earlier_result_its_variable(make_trace):
    trace = make_trace("She gave 100/2=$<<100/2=50>>50.\nSo <<100-50-15=35>>35 stay, and <<35*2=70>>70.", answer="70")
    (made,) = ToProgram().map(trace)
    assert made.reasoning == "step_1 = 100 / 2\nstep_2 = 100 - step_1 - 15\nstep_3 = step_2 * 2\nans = step_3"
    assert (made.form, made.answer, made.parent_id, made.problem) == ("pot", "70", trace.id, trace.problem)


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        ("<<2+2=4>><<1*4=4>><<4-1=3>>", "step_1 = 2 + 2\nstep_2 = 1 * step_1\nstep_3 = step_2 - 1\nans = step_3"),
        ("<<1,000*3=3,000>><<3000/.5=6000>>", "step_1 = 1000 * 3\nstep_2 = step_1 / 0.5\nans = step_2"),
        ("<<007+01.50=8.5>><<(8.50-2)*2=13>>", "step_1 = 7 + 1.5\nstep_2 = (step_1 - 2) * 2\nans = step_2"),
        ("<<5-8=-3>><<3+1=4>>", "step_1 = 5 - 8\nstep_2 = 3 + 1\nans = step_2"),
        ("<<1/3=1/3>>", "step_1 = 1 / 3\nans = step_1"),
    ],
)
def test_numbers_are_written_as_python_reads_them(reasoning, expected):
    assert program(reasoning) == expected


def test_a_trace_without_marks_is_left_out():
    assert ToProgram().map(Trace(Problem("q"), "2 + 2 = 4")) == []
    assert ToProgram().map(Trace(Problem("q"), "")) == []


@pytest.mark.parametrize("mark", ["<<x+1=3>>", "<<20%*5=1>>", "<<f(2)=4>>", "<<'a'*3=0>>", "<<True+1=2>>"])
def test_a_mark_that_is_no_arithmetic_fails_its_row(mark):
    (failed,) = ToProgram().map_batch([Trace(Problem("q"), mark)])
    assert isinstance(failed, Failure)
    assert failed.reason == f"ValueError: {mark} is no plain arithmetic"


def test_gsm8k_gives_7378_programs_of_which_7001_give_the_reference_answer(shared_rows):
    traces = []
    for row in shared_rows("gsm8k_full/train.jsonl.gz"):
        solution, _, reference = row["answer"].rpartition("\n#### ")
        traces.append(Trace(Problem(row["question"], reference), solution, reference))
    programs = [made for trace in traces for made in ToProgram().map(trace)]
    found = [annotation.scores for annotation in RunProgram().annotate_batch(programs)]
    assert Counter((score["program_verdict"], score["program_correct"]) for score in found) == {
        ("finished", True): 7001,
        ("finished", False): 377,
    }
