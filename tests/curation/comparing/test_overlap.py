import pytest

from curation.comparing.overlap import Index, Match, Overlap, Span, overlap, words

QUESTION = "Janet's ducks lay 16 eggs per day, and she sells twelve of them for $2.50 each."


def test_case_punctuation_and_the_way_a_number_is_written_do_not_matter():
    assert words("The **FOUR** ducks\u2019 1,000.50 eggs_and 2.00") == [
        "the", "4", "ducks", "1000.5", "eggs", "and", "2",
    ]  # fmt: skip


def test_characters_of_chinese_are_words():
    assert words("求x的值: 12") == ["求", "x", "的", "值", "12"]


def test_the_question_with_the_largest_share_is_found_inside_a_longer_text():
    index = Index(["What is the sum of the first ten primes here?", QUESTION], 8, "same")
    assert index.best(f"Solve this. {QUESTION.upper()} Think step by step.") == Match(1, 1.0)
    assert index.best("Something else that nobody has ever asked in any test") is None


def test_half_a_question_is_half_found():
    eight = "a b c d e f g h"
    assert Index([f"{eight} i j"], 8, "same").best(f"{eight} x y") == Match(0, pytest.approx(1 / 3))


def test_exchanged_numbers_make_another_question_unless_any_will_do():
    changed = QUESTION.replace("16", "17")
    assert Index([QUESTION], 3, "same").best(changed) is None
    assert Index([QUESTION], 3, "any").best(changed) == Match(0, 1.0)
    swapped = QUESTION.replace("2.50", "16")  # a number of the question, twice
    assert Index([QUESTION], 3, "same").best(swapped) is None


def test_a_number_left_out_is_no_other_number():
    assert Index([QUESTION], 3, "same").best("Janet's ducks lay 16 eggs per day") == Match(0, 0.4)


def test_a_short_question_is_found_whole_and_a_very_short_one_only_as_the_whole_text():
    index = Index(["How far is it to Rome?", "Why is that?"], 8, "same")
    assert index.best("Tell me: how far is it to Rome, by car?") == Match(0, 1.0)
    assert index.best("How far is it to Paris?") is None
    assert index.best("But why is that?") is None
    assert index.best("WHY is that") == Match(1, 1.0)


def test_what_is_shared_is_shown_in_both_texts():
    text, question = "Well: one two, THREE four hives.", "Two three four; then one two three!"
    assert overlap(text, question, 2, "same") == Overlap(0.6, [Span(6, 25)], [Span(0, 14), Span(21, 34)])
    assert (text[6:25], question[0:14], question[21:34]) == ("one two, THREE four", "Two three four", "one two three")


def test_a_short_question_is_shown_whole():
    text = "Tell me: how far is it to Rome, by car?"
    assert overlap(text, "How far is it to Rome?", 8, "same") == Overlap(1.0, [Span(9, 30)], [Span(0, 21)])


def test_nothing_shared_shows_nothing():
    assert overlap("a b c d e f", "u v w x y z", 3, "same") == Overlap(0.0, [], [])


def test_a_text_may_hold_several_questions():
    index = Index(["how many red beads has ana", "how far does the train come", "who is ben and where"], 3, "same")
    text = "How many red beads has Ana, and how far does the train come today?"
    assert (index.holding(text, 0.9), index.holding("nothing of them", 0.1)) == ([0, 1], [])
