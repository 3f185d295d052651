import pickle
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.operator import Failure
from curation.operators.verify_answer import VerifyAnswer
from curation.trace import Problem, Trace


def verify(reference, answer="", reasoning="", closed=None, **fields):
    trace = Trace(Problem("q", reference), reasoning, answer, closed=closed)
    return tuple(VerifyAnswer(**fields).annotate(trace).scores.values())[:3]


@pytest.mark.parametrize(
    ("reference", "answer", "expected"),
    [
        ("18", r"The answer is \boxed{18}.", (True, "18", "numeric")),
        ("18", r"First \boxed{17}, no: \boxed{18}", (True, "18", "numeric")),
        ("18", "16 - 3 = 13\n#### 18", (True, "18", "numeric")),
        ("18", "The answer is 9 + 9 = 18, as 3 left.", (True, "18", "numeric")),
        ("18", "So she makes 18.", (True, "18", "numeric")),
        ("1800", "It is $1,800.00", (True, "1,800.00", "numeric")),
        ("18 dollars", "**Answer:** 18", (True, "18", "numeric")),
        ("# 18", "He makes €18", (True, "18", "numeric")),
        ("-3", "The answer is -3.", (True, "-3", "numeric")),
        ("3", "20 - 3", (True, "3", "numeric")),
        ("0.5", r"\boxed{\frac{1}{2}}", (True, r"\frac{1}{2}", "numeric")),
        ("1 1/2", r"\boxed{1.5}", (True, "1.5", "numeric")),
        ("25", "5", (False, "5", "numeric")),
        ("5", "25", (False, "25", "numeric")),
        ("B", "The answer is (B).", (True, "B", "choice")),
        ("(B)", r"\boxed{\text{B}}", (True, "B", "choice")),
        ("B", "I think A is wrong, so B", (True, "B", "choice")),
        ("C", "Final answer: D. Paris", (False, "D", "choice")),
        ("Paris", "The answer is Paris.", (True, "Paris", "exact")),
        ("yes", "Yes", (True, "Yes", "exact")),
        ("no", "The answer is yes", (False, "yes", "exact")),
        (r"\frac{\sqrt{2}}{2}", r"\boxed{\frac{1}{\sqrt{2}}}", (True, r"\frac{1}{\sqrt{2}}", "math_verify")),
        ("x^2+2x+1", r"\boxed{(x+1)^2}", (True, "(x+1)^2", "math_verify")),
        ("x^2", r"\boxed{x^3}", (False, "x^3", "math_verify")),
        ("1/2^{99}", r"\boxed{1/2^{98}}", (False, "1/2^{98}", "math_verify")),
        (r"1-1/\mathrm{e}", r"\boxed{1+1/\mathrm{e}}", (False, r"1+1/\mathrm{e}", "math_verify")),
        ("p-q", r"\boxed{p - q}", (True, "p - q", "exact")),
        (
            r"\begin{pmatrix}-1/3\\2/3\end{pmatrix}",
            r"\boxed{\begin{pmatrix} -\frac{1}{3} \\ \frac{2}{3} \end{pmatrix}}",
            (True, r"\begin{pmatrix} -\frac{1}{3} \\ \frac{2}{3} \end{pmatrix}", "math_verify"),
        ),
        ("E", "</think>\n<answer> E </answer>", (True, "E", "choice")),
        ("Isoniazid", "The answer is B) Isoniazid.", (True, "B) Isoniazid", "exact")),
        (r"First $2 \cdot 9$, so \boxed{\text{Evelyn}} is it.", r"\boxed{Evelyn}", (True, "Evelyn", "exact")),
        ("Paris", "<answer>\nParis</answer>", (True, "Paris", "exact")),
        ("-15", '{"reasoning": "so 3", "answer": "-15"}', (True, "-15", "numeric")),
        ("B", "A good question, I say", (False, None, None)),
        ("18", "I do not know.", (False, None, None)),
        (None, r"\boxed{18}", (None, "18", None)),
        ("  ", "nothing", (None, None, None)),
    ],
)
def test_answers_are_found_and_compared(reference, answer, expected):
    assert verify(reference, answer) == expected


def test_the_answer_is_read_before_the_reasoning():
    assert verify("5", answer="It is 5", reasoning=r"\boxed{6}") == (True, "5", "numeric")


def test_the_end_of_the_reasoning_is_read_where_the_answer_says_nothing():
    assert verify("5", reasoning="2 + 3 = 5") == (True, "5", "numeric")
    assert verify("5", answer="Done!", reasoning="2 + 3 = 5") == (True, "5", "numeric")


def test_a_reasoning_that_never_closed_counts_only_where_it_marks_its_answer():
    assert verify("5", reasoning="2 + 3 = 5", closed=False) == (False, None, None)
    assert verify("5", reasoning="So the answer is 5", closed=False) == (True, "5", "numeric")


def test_the_extractor_and_the_comparator_can_be_fixed():
    assert verify("5", "5", extractor="boxed") == (False, None, None)
    assert verify("B", "(A) or (B)", extractor="letter") == (True, "B", "choice")
    assert verify("5", "about 5 or 6", extractor="last_number") == (False, "6", "numeric")
    assert verify("5", r"\boxed{5.0}", comparator="exact") == (False, "5.0", "exact")
    assert verify("5", r"\boxed{x}", comparator="numeric") == (False, "x", "numeric")


def test_a_hanging_comparison_fails_its_row_and_the_next_row_is_compared():
    hostile = Trace(Problem("q", "9^{9^{9}}"), "", r"\boxed{x + 9^{9^{8}}}")
    sound = Trace(Problem("q", "x+x"), "", r"\boxed{2x}")
    failed, compared = VerifyAnswer(timeout=1).annotate_batch([hostile, sound])
    assert isinstance(failed, Failure)
    assert "did not end within 1 s" in failed.reason
    assert compared.scores == {
        "correct": True,
        "extracted": "2x",
        "decided_by": "math_verify",
        "correct_second": True,
        "verifiers_agree": True,
    }


def test_the_operator_can_be_sent_to_another_process():
    operator = VerifyAnswer(timeout=2)
    assert pickle.loads(pickle.dumps(operator)) == operator


def test_every_shared_correctness_flag_is_reproduced(shared_rows):
    rights, wrong_flags = Counter(), []
    for row in shared_rows("gsm8k_full/example_model_solutions.jsonl.gz"):
        problem = Problem(row["question"], row["ground_truth"].rpartition("A: ")[2])
        solutions = {name: row[name] for name in row if name not in ("question", "ground_truth")}
        for name, solution in solutions.items():
            scores = VerifyAnswer().annotate(Trace(problem, solution["solution"], model=name)).scores
            if scores["correct"] != solution["is_correct"]:
                wrong_flags.append((name, scores))
        rights[sum(solution["is_correct"] for solution in solutions.values())] += 1
    assert wrong_flags == []
    assert rights == {0: 432, 1: 290, 2: 236, 3: 205, 4: 156}


@pytest.mark.parametrize(
    ("name", "differing"),
    [
        ("skythought/qwen25_14b_instruct_math500.jsonl.gz", 1),  # a reference that lost a letter: (+5)(b+2)
        ("student_evals/student_rlft_aqua.jsonl.gz", 1),  # a trace that stops before its answer, flagged as right
        ("rm_best_of_8/math_cot_100.jsonl.gz", 0),
    ],
)
def test_flags_of_other_evaluations_are_met(shared_rows, name, differing):
    met = Counter()
    for row in shared_rows(name):
        for text, flag in zip(row["code"], row["score"], strict=True):
            met[verify(str(row["gt"]), text)[0] in (flag, None)] += 1
    assert met[False] == differing


def test_the_verifiers_agree_on_gsm8k(shared_rows):
    found = Counter()
    for row in shared_rows("gsm8k_full/example_model_solutions.jsonl.gz"):
        problem = Problem(row["question"], row["ground_truth"].rpartition("A: ")[2])
        for name in ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"):
            scores = VerifyAnswer().annotate(Trace(problem, row[name]["solution"])).scores
            found[scores["correct_second"], scores["verifiers_agree"]] += 1
            assert scores["correct_second"] in (row[name]["is_correct"], None)
    assert found[False, False] + found[True, False] == 0
    assert found[None, None] < 40


def test_rounded_answers_are_what_the_verifiers_disagree_on_in_physics(shared_rows):
    rows = shared_rows("loong_physics/physics_fewshot_generations.json.gz")
    traces = [Trace(Problem(row["question"], row["answer"]), row["explanation"]) for row in rows]
    scores = [annotation.scores for annotation in VerifyAnswer().annotate_batch(traces)]
    doubtful = [score for score in scores if score["verifiers_agree"] is False]
    assert len(doubtful) == 22
    assert {(score["correct"], score["correct_second"]) for score in doubtful} == {(False, True)}


PIECES = st.sampled_from(
    [
        *"0123456789.,-/$%{}()[]\\ \n:=*#AB",
        "\\boxed",
        "\\frac",
        "answer is ",
        "A: ",
        "####",
        "e9",
        "é",
        "\ud800",
        "\x00",
    ]
)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=8).map("".join))
def test_no_text_breaks_extraction(text, reference):
    scores = VerifyAnswer(comparator="numeric").annotate(Trace(Problem("q", reference), text, text)).scores
    assert (scores["correct"] is None) == (not reference.strip())
