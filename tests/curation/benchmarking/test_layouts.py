"""Each public format is known by what stands in its rows; the samples are written after the published files."""

import json
from pathlib import Path

import pytest

from curation.benchmarking.card import Verifier
from curation.benchmarks import describe
from curation.errors import UserError

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
ASDIV = """<?xml version="1.0" encoding="UTF-8" ?>
<Machine-Reading-Corpus-File><ProblemSet>
<Problem ID="nluds-0001" Grade="1" Source="http://www.k5learning.com">
<Body>Seven red apples and two green apples are in the basket.</Body>
<Question>How many apples are in the basket?</Question>
<Solution-Type>Addition</Solution-Type><Answer>9 (apples)</Answer><Formula>7+2=9</Formula>
</Problem></ProblemSet></Machine-Reading-Corpus-File>
"""
ASDIV_ROW = {
    "body": "Seven red apples and two green apples are in the basket.",
    "question": "How many apples are in the basket?",
    "solution_type": "Addition", "answer": "9 (apples)", "formula": "7+2=9", "grade": "1",
}  # fmt: skip
ASDIV_NESTED = {
    "@ID": "nluds-0001", "@Grade": "1", "Body": ASDIV_ROW["body"], "Question": ASDIV_ROW["question"],
    "Solution-Type": "Addition", "Answer": "9 (apples)", "Formula": "7+2=9",
}  # fmt: skip
APPLES = (f"{ASDIV_ROW['body']} {ASDIV_ROW['question']}", "9", "Addition", "1")
CHOICE = "Which is a metal?\nA) wood\nB) iron"
SAMPLES = {
    "gsm8k": (
        {"question": "Ana has 2 and finds 3?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"},
        ("Ana has 2 and finds 3?", "5", None, None),
        "numeric",
    ),
    "svamp": (
        {"ID": "chal-1", "Body": "Packs cost 76 dollars.", "Question": "How much for 2?", "Equation": "( 76.0 * 2.0 )",
         "Answer": 152.0, "Type": "Multiplication"},
        ("Packs cost 76 dollars. How much for 2?", "152", "Multiplication", None),
        "numeric",
    ),
    "asdiv": (ASDIV_ROW, APPLES, "numeric"),
    "mawps": (
        {"iIndex": 1, "sQuestion": "Joan found 70 shells and gave 27. How many has she?", "lEquations": ["X=70-27"],
         "lSolutions": [43.0]},
        ("Joan found 70 shells and gave 27. How many has she?", "43", None, None),
        "numeric",
    ),
    "mawps_slots": (
        {"Question": "Mary needs number0 cups and put in N_01 . how many more ?", "Numbers": "8.0 2.5",
         "Equation": "- number0 number1", "Answer": 5.5},
        ("Mary needs 8 cups and put in 2.5 . how many more ?", "5.5", None, None),
        "numeric",
    ),
    "aqua": (
        {"question": "5 + 4?", "options": ["A)8", "B)9"], "rationale": "5 + 4 = 9.\nAnswer: B", "correct": "B"},
        ("5 + 4?\nA)8\nB)9", "B", None, None),
        "choice",
    ),
    "math": (
        {"problem": "Half of $1$?", "level": "Level 2", "type": "Algebra",
         "solution": "It is $\\boxed{\\frac{1}{2}}$."},
        ("Half of $1$?", "\\frac{1}{2}", "Algebra", "Level 2"),
        "math",
    ),
    "aime": (
        {"ID": "2024-I-4", "Year": 2024, "Problem Number": 4, "Question": "Find $m+n$.", "Answer": 116},
        ("Find $m+n$.", "116", None, "2024"),
        "numeric",
    ),
    "solution": (
        {"problem": "Half of 2?", "solution": "Half of it is $\\boxed{1}$."},
        ("Half of 2?", "1", None, None),
        "numeric",
    ),
    "yes_no": (
        {"qid": "1", "term": "Albany", "question": "Is Albany in Georgia?", "answer": True},
        ("Is Albany in Georgia?", "yes", None, None),
        "yes_no",
    ),
    "msvamp": (
        {"query": "how many kids ?", "response": "8.0", "equation": "- number0 number1", "m_query": "多少个孩子？"},
        ("多少个孩子？", "8.0", None, None),
        "numeric",
    ),
    "choice_in_question": (
        {"question": "Which is a metal?\nA. wood B. iron", "answer": "iron", "choice_answer": "B"},
        ("Which is a metal?\nA. wood B. iron", "B", None, None),
        "choice",
    ),
}  # fmt: skip
CHOICES = {
    "ARC as published": {"id": "1", "question": {"stem": "Which is a metal?", "choices": [
        {"text": "wood", "label": "1"}, {"text": "iron", "label": "2"}]}, "answerKey": "2"},
    "ARC and OpenBookQA in columns": {"question_stem": "Which is a metal?", "answerKey": "B",
                                      "choices": {"text": ["wood", "iron"], "label": ["A", "B"]}},
    "MMLU": {"question": "Which is a metal?", "choices": ["wood", "iron"], "answer": 1},
    "options by letter": {"question": "Which is a metal?", "options": {"A": "wood", "B": "iron"}, "answer": "B"},
    "answer as text": {"question": "Which is a metal?", "options": ["wood", "iron"], "answer": "iron"},
}  # fmt: skip


def found(path):
    """The layout, the first problem and the form of the answers."""
    card, items = describe(path)
    item = items[0]
    return card.layout, (item.problem.question, item.problem.reference, item.problem.subject, item.level), card.answers


@pytest.mark.parametrize("layout", SAMPLES)
def test_a_public_format_is_recognised_by_its_rows(layout, write_jsonl):
    row, problem, answers = SAMPLES[layout]
    assert found(write_jsonl("unnamed.jsonl", row)) == (layout, problem, answers)


@pytest.mark.parametrize("format_name", CHOICES)
def test_multiple_choice_is_asked_with_letters_and_marked_by_letter(format_name, write_jsonl):
    path = write_jsonl("unnamed.jsonl", CHOICES[format_name])
    assert found(path) == ("choices", (CHOICE, "B", None, None), "choice")
    assert describe(path).card.verifier() == Verifier("letter", "choice")


def test_an_answer_that_is_none_of_the_options_is_no_answer(write_jsonl):
    path = write_jsonl("unnamed.jsonl", {"question": "Which?", "choices": ["wood", "iron"], "answer": "gold"})
    assert describe(path).items[0].problem.reference is None


def test_asdiv_is_read_from_xml_and_from_both_its_json_forms(tmp_path):
    files = {
        "a.xml": ASDIV,
        "b.json": json.dumps({"Machine-Reading-Corpus-File": {"ProblemSet": {"Problem": [ASDIV_NESTED]}}}),
        "c.json": json.dumps([ASDIV_ROW]),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert [found(tmp_path / name) for name in files] == [("asdiv", APPLES, "numeric")] * 3


def test_xml_with_entities_and_broken_xml_are_refused(tmp_path):
    path = tmp_path / "bench.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(UserError, match="declares entities"):
        describe(path)
    path.write_text("<a><Problem></a>")
    with pytest.raises(UserError, match="has no problems: not XML: mismatched tag"):
        describe(path)


def test_a_table_of_two_columns_without_names_is_mgsm_and_its_language_is_told(tmp_path):
    path = tmp_path / "unnamed.tsv"
    path.write_text("Janet a 16 canes dans son jardin. Combien de canes a-t-elle ?\t16\n", encoding="utf-8")
    card, _ = describe(path)
    assert (card.layout, card.answers, card.languages, card.source) == (
        "mgsm", "numeric", ("fr",), "MGSM (google-research/url-nlp), by its layout",
    )  # fmt: skip


def test_a_row_that_breaks_the_layout_has_no_answer(write_jsonl):
    rows = [SAMPLES["gsm8k"][0] | {"question": f"{n}?"} for n in range(150)]
    path = write_jsonl("unnamed.jsonl", *rows, {"question": "Why?", "answer": "no marks"})
    card, items = describe(path)
    assert (card.layout, items[-1].problem.reference) == ("gsm8k", None)


def test_the_public_files_are_recognised():
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside the checkout")
    wanted = {
        "gsm8k_full/test.jsonl.gz": ("gsm8k", "numeric", 1319, ("en",)),
        "eval_sets/aqua.jsonl.gz": ("aqua", "choice", 254, ("en",)),
        "eval_sets/aime24.jsonl.gz": ("aime", "numeric", 30, ("en",)),
        "eval_sets/cn_middle_school.jsonl": ("choice_in_question", "choice", 101, ("zh",)),
        "eval_sets/gaokao_math_cloze.jsonl": ("plain", "math", 116, ("zh",)),
        "multilingual/mgsm_bn.tsv.gz": ("mgsm", "numeric", 250, ("bn",)),
        "multilingual/mgsm_sw.tsv": ("mgsm", "numeric", 250, ("sw",)),
        "multilingual/msvamp_zh.json": ("msvamp", "numeric", 250, ("zh",)),
        "strategyqa/dev.json.gz": ("yes_no", "yes_no", 229, ("en",)),
        "mentor_kd/main_svamp_test.json.gz": ("plain", "numeric", 150, ("en",)),
    }
    cards = {name: describe(SHARED / name).card for name in wanted}
    assert {name: (card.layout, card.answers, card.problems, card.languages) for name, card in cards.items()} == wanted
