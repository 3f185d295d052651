"""Wrong solutions made from right ones, the same for the same seed."""

import random
import re

NUMBER = re.compile(r"\d+")


def shuffled_words(text: str, rng: random.Random) -> str:
    """The words of a text in another order."""
    words = text.split(" ")
    return " ".join(rng.sample(words, len(words)))


def other_numbers(text: str, rng: random.Random) -> str:
    """The text with every whole number a little larger."""
    return NUMBER.sub(lambda number: str(int(number.group()) + rng.randint(1, 9)), text)
