import pytest

from curation.operators.run_program import RunProgram, program_of
from curation.trace import Problem, Trace


def scores(reasoning, reference="18", form="pot", answer="", **fields):
    trace = Trace(Problem("q", reference), reasoning, answer, form=form)
    return tuple(RunProgram(**fields).annotate(trace).scores.values())


@pytest.mark.parametrize(
    ("program", "reference", "expected"),
    [
        ("eggs = 16 - 3 - 4\nans = eggs * 2", "18", ("finished", "18", True, None)),
        ("ans = 54 / 3", "$18", ("finished", "18.0", True, None)),
        ("ans = 0.1 + 0.2", "0.3", ("finished", "0.30000000000000004", True, None)),
        ("ans = 17", "18", ("finished", "17", False, None)),
        ("ans = 17", None, ("finished", "17", None, None)),
        ("x = 18", "18", ("finished", None, False, None)),
        ("ans = 18", "B", ("finished", "18", None, None)),
        ("ans = 'B'", "(B)", ("finished", "B", True, None)),
        ("ans = 18 / 0", "18", ("raised", None, False, "line 1: ZeroDivisionError: division by zero")),
        ("import sympy\nans = sympy.sqrt(4)", "2",
         ("forbidden", None, None, "line 1: ModuleNotFoundError: No module named 'sympy'")),
    ],
)  # fmt: skip
def test_a_program_is_run_and_its_answer_compared(program, reference, expected):
    assert scores(program, reference) == expected


def test_limits_are_fields():
    assert scores("while True: pass", seconds=0.2)[0] == "out of time"
    assert scores("'x' * (5 << 20)", memory_mb=1)[0] == "out of memory"
    assert scores("print('four')\nans = 18", output=4)[0] == "too much output"
    assert scores("def f(n): return n if n == 0 else f(n - 1)\nans = f(50)", recursion=10)[0] == "raised"
    assert scores("total = 18", result="total")[:3] == ("finished", "18", True)


def test_the_program_is_the_last_python_block_of_answer_or_reasoning():
    answer = "First:\n```python\nans = 1\n```\nbetter:\n```python\nans = 2\n```\n```output\n2\n```"
    assert program_of(Trace(Problem("q"), "```py\nans = 3\n```", answer)) == "ans = 2\n"
    assert program_of(Trace(Problem("q"), "So\n```python\nans = 3\n```\nis 3", "3")) == "ans = 3\n"
    assert program_of(Trace(Problem("q"), "```python\nans = 3")) == "ans = 3"
    assert program_of(Trace(Problem("q"), "ans = 4", form="pot")) == "ans = 4"


def test_a_trace_without_a_program_has_no_verdict():
    assert scores("2 + 2 = 4", form="cot") == (None, None, None, None)
    assert scores("```bash\nls\n```", form="cot") == (None, None, None, None)
    assert scores("  ", form="pot") == (None, None, None, None)


def test_recorded_results_of_programs_of_thought_are_met(shared_rows):
    rows = [row for row in shared_rows("pot/pot_gsm8k_few_shot.jsonl.gz") if row.get("executed") is not None]
    traces = [Trace(Problem(row["question"], str(row["executed"])), row["generated"][0], form="pot") for row in rows]
    found = [annotation.scores["program_correct"] for annotation in RunProgram().annotate_batch(traces)]
    assert (len(found), sum(found)) == (588, 588)
