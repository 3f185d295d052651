import pytest

from curation.benchmarking.card import AUTO, Card, Verifier, form_of, read_card, write_card
from curation.benchmarks import SHIPPED, describe, read_hash
from curation.errors import UserError

CARD = Card(
    name="mine", source="my course", licence="CC0", note="spring", problems=2, repeated=1, conflicting=1,
    layout="plain", fields={"level": "steps"}, answers="math", extractor="boxed", comparator="exact",
    instruction="Solve: {question} {", metric="pass@k", languages=("en", "de"), splits=("test",),
)  # fmt: skip


def test_a_card_goes_through_its_file_unchanged(tmp_path):
    assert write_card(tmp_path / "mine.jsonl.gz", CARD) == tmp_path / "mine.card.yaml"
    assert read_card(tmp_path / "mine.jsonl.gz") == CARD


def test_a_card_may_be_json(tmp_path):
    (tmp_path / "mine.card.json").write_text(CARD.model_dump_json())
    assert read_card(tmp_path / "mine.parquet") == CARD


def test_a_card_that_is_there_is_not_overwritten(tmp_path):
    write_card(tmp_path / "mine.jsonl", CARD)
    with pytest.raises(UserError, match="has a card already: edit .*mine.card.yaml"):
        write_card(tmp_path / "mine.jsonl", Card())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("licenze: MIT", "a card has no 'licenze'; it may have: name, source, licence"),
        ("answers: number", "answers: input should be .*found 'number'; answers are numeric, choice, math"),
        ("layout: gsm9k", "unknown layout 'gsm9k'; known: mgsm, msvamp, gsm8k"),
        ("- a list", "a card is a mapping such as `source: ..`, found list"),
        ("a: b: c", "not valid YAML"),
    ],
)
def test_a_card_that_cannot_be_read_says_why(tmp_path, text, message):
    (tmp_path / "mine.card.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        read_card(tmp_path / "mine.jsonl")


def test_a_card_decides_how_answers_are_marked():
    assert CARD.verifier() == Verifier("boxed", "exact")
    assert Card(answers="choice").verifier() == Verifier("letter", "choice")
    assert Card().verifier() == AUTO


def test_answers_are_told_by_all_references():
    assert form_of(["18", "1,000.5", "\\boxed{3}"]) == "numeric"
    assert form_of(["A", "(B)"]) == "choice"
    assert form_of(["yes", "No"]) == "yes_no"
    assert form_of(["1", "\\sqrt{2}"]) == "math"
    assert form_of(["1", "Paris"]) == "text"


def test_the_shipped_benchmark_has_a_card():
    card, items = describe(SHIPPED / "word_problems.jsonl")
    assert (card.problems, card.answers, card.repeated, items[0].level) == (600, "numeric", 0, "2")
    assert card.licence


def test_what_the_rows_tell_stands_on_the_card(write_jsonl):
    row = {"question": "How many nuts does Ben have in his basket?", "answer": 2, "split": "test"}
    card, _ = describe(write_jsonl("sums.jsonl", row, row))
    assert card == Card(
        name="sums", problems=1, repeated=1, layout="plain", answers="numeric", languages=("en",), splits=("test",)
    )


def test_a_question_with_two_answers_is_told(write_jsonl):
    rows = [
        {"question": "1 + 1?", "answer": 2},
        {"question": "1 + 1?", "answer": 3},
        {"question": "1 + 1?", "answer": 2},
    ]
    card, items = describe(write_jsonl("sums.jsonl", *rows))
    assert (card.repeated, card.conflicting, items[0].problem.reference) == (2, 1, "2")


def test_only_a_card_that_says_how_questions_are_read_changes_their_hash(write_jsonl):
    path = write_jsonl("sums.jsonl", {"exercise": "1?", "answer": 2})
    plain = read_hash(path)
    card = path.with_name("sums.card.yaml")
    card.write_text("licence: CC0")
    assert read_hash(path) == plain
    card.write_text("fields: {question: exercise}")
    assert read_hash(path) != plain
