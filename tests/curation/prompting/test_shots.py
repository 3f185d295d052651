"""Worked examples: verified ones, the likest last, and never the problem itself or a near copy of it."""

import json

import pytest

from curation.errors import UserError
from curation.prompting.shots import Shelf, Shot, fingerprint, rendered, shelf, verified
from curation.trace import Problem, Trace

APPLES = "Ada has 4 green apples and buys 3 more apples at the market on Monday. How many apples does she have now?"
ROWS = {
    APPLES: ("4 + 3 = 7", "7"),
    "Bob has 5 apples and eats 2 of the apples on Tuesday evening. How many apples are left over for Bob?": (
        "5 - 2 = 3", "3",
    ),
    "A train needs 2 hours for 120 kilometres of track. How fast does this train travel?": ("120 / 2", "60"),
    "Cyd has 9 apples and sells 1 of those apples to a friend of hers. How many apples does Cyd keep?": (
        "9 - 1 = 7", "7",
    ),  # wrong
}  # fmt: skip


@pytest.fixture
def source(tmp_path) -> str:
    """Four worked examples, the third about a train, the last one wrong."""
    path = tmp_path / "examples.jsonl"
    references = ["7", "3", "60", "8"]
    rows = [
        {"question": question, "reasoning": reasoning, "answer": answer, "reference": reference}
        for (question, (reasoning, answer)), reference in zip(ROWS.items(), references, strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def questions(shots: list[Shot]) -> list[str]:
    return [shot.question.split(" ")[0] for shot in shots]


def test_the_likest_verified_examples_come_last(source):
    found = shelf(source, "").nearest(Problem("Dan has 8 apples and gives 5 apples away. How many apples has he?"), 5)
    assert questions(found)[0] == "A"
    assert sorted(questions(found)) == ["A", "Ada", "Bob"]
    assert questions(shelf(source, "").nearest(Problem("How fast is a train that travels 90 kilometres?"), 1)) == ["A"]


@pytest.mark.parametrize(
    "copy",
    [
        APPLES,
        f"  {APPLES}\n",
        APPLES.upper().replace("?", " ?!"),
        APPLES.replace("4", "four").replace("green", "red"),  # a word changed, and a number written out
        f"Read this carefully.\n{APPLES} Give a number.",
    ],
)
def test_neither_the_problem_nor_a_near_copy_is_shown(source, copy):
    assert sorted(questions(shelf(source, "").nearest(Problem(copy), 5))) == ["A", "Bob"]


def test_an_example_that_speaks_of_the_problem_is_not_shown(tmp_path):
    path = tmp_path / "one.jsonl"
    row = {"question": "Which problem is like this one?", "reasoning": f"This one: {APPLES} 7.", "answer": "7"}
    path.write_text(json.dumps({**row, "reference": "7"}) + "\n")
    assert shelf(str(path), "").nearest(Problem(APPLES), 1) == []
    assert len(shelf(str(path), "").nearest(Problem("Where?"), 1)) == 1


def test_the_same_words_with_other_numbers_are_another_problem(source):
    other = APPLES.replace("4", "6").replace("3", "5")
    assert questions(shelf(source, "").nearest(Problem(other), 1)) == ["Ada"]


def test_by_subject_the_order_is_subject_then_length_then_likeness():
    rows = [
        ("algebra", "a" * 50), ("geometry", "g" * 40), (None, "n" * 40), ("geometry", "b" * 44),
        ("geometry", "h" * 80), ("geometry", "the circle inside of some square 1 2 3 4"),
    ]  # fmt: skip
    shots = [Shot(str(place), str(place), text, text, subject) for place, (subject, text) in enumerate(rows)]
    asked = Problem("what circle fits in this square exactly?", subject="geometry")
    order = [shot.id for shot in Shelf(shots, "").nearest(asked, 6, "subject")][::-1]
    assert order == ["5", "1", "3", "4", "2", "0"]
    without = Problem("what circle fits in this square exactly?")
    assert [shot.id for shot in Shelf(shots, "").nearest(without, 6, "subject")][::-1] == [
        "5",
        "1",
        "2",
        "3",
        "0",
        "4",
    ]


def test_examples_are_read_anew_when_their_file_changes(source, tmp_path):
    before = fingerprint(source)
    assert len(shelf(source, "").shots) == 3
    row = {"question": "2 * 2?", "reasoning": "2 * 2 = 4", "answer": "4", "reference": "4"}
    with open(source, "a") as file:
        file.write(json.dumps(row) + "\n")
    assert fingerprint(source) != before
    assert len(shelf(source, "").shots) == 4


def test_the_shipped_examples_are_solutions_in_words():
    shots = shelf("", "").nearest(Problem("Eva has 6 books and finds 2 more. How many books has Eva now?"), 2)
    text = rendered(shots)
    assert text.count("Problem: ") == text.count("\nSolution: ") == 2
    assert text.endswith("\n\n")
    assert rendered([]) == ""


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (Trace(Problem("1 + 1?", "2"), "1 + 1 = 2", "2.0"), True),
        (Trace(Problem("1 + 1?", "2"), "so it is 2"), True),
        (Trace(Problem("1 + 1?", "2"), "1 + 1 = 3", "3"), False),
        (Trace(Problem("1 + 1?", "2"), "1 + 1 = 2", "2", closed=False), False),
        (Trace(Problem("1 + 1?"), "1 + 1 = 2", "2"), False),
        (Trace(Problem("1 + 1?"), "1 + 1 = 2", "2", given_correct=True), True),
    ],
)
def test_an_example_is_verified_by_its_reference_or_by_its_source(trace, expected):
    assert verified(trace) is expected


def test_a_source_without_verified_traces_or_without_files_is_named(tmp_path):
    path = tmp_path / "open.jsonl"
    path.write_text(json.dumps({"question": "Why?", "reasoning": "Because."}) + "\n")
    with pytest.raises(UserError, match=r"open\.jsonl has an answer that is known to be right, .*reference answers"):
        shelf(str(path), "")
    with pytest.raises(UserError, match=r"no examples in .*nowhere: give a file of traces"):
        shelf(str(tmp_path / "nowhere"), "")
