import random

from training.answering.corruption import other_numbers, shuffled_words


def test_words_keep_their_number_and_change_their_order():
    found = shuffled_words("one two three four five", random.Random(0))
    assert found != "one two three four five"
    assert sorted(found.split()) == ["five", "four", "one", "three", "two"]
    assert found == shuffled_words("one two three four five", random.Random(0))


def test_every_number_changes_and_nothing_else():
    found = other_numbers("2 + 10 = 12.", random.Random(0))
    first, second, third = (int(one) for one in found.replace("+", "").replace("=", "").rstrip(".").split())
    assert found == f"{first} + {second} = {third}."
    assert first > 2 and second > 10 and third > 12  # noqa: PT018
