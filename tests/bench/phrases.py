"""The parts of sentences that traces of the benches are made of: beginnings, ends and the openings of paragraphs.

A sentence is a head, a number, some words and an end; the made-up words keep texts from being packed far smaller than
real ones. The openings are those by which Winnow tells kinds of segments apart, about as often as in traces of
DeepSeek-R1 and QwQ.
"""

from itertools import product

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.object_]
LEADS = ("", "So ", "Now ", "Then ", "Since ", "Because ", "If ", "Each week ")
WHO = ["Mia", "Leo", "Ada", "Bob", "Janet", "the farmer", "the baker", "his aunt", "the class", "every worker"]
VERBS = ["buys", "sells", "counts", "paints", "carries", "bakes", "reads", "plants", "collects", "repairs"]
KINDS = ["red", "small", "broken", "spare", "old", "large", "golden", "empty", "round", "heavy"]
NOUNS = ["apples", "eggs", "books", "tiles", "chairs", "coins", "stamps", "flowers", "bottles", "pages", "shells"]
ENDS = (
    "before noon.",
    "and keeps half.",
    "for each of the children.",
    "so the rest goes to the next day.",
    "which gives \\(3x + 7 = y\\).",
    "twice as much as on Monday.",
    "in every box, so we multiply.",
    "and nothing is left over.",
    "so the remainder stays the same.",
    "or \\(\\frac{a}{b} \\cdot 100\\) percent.",
)
SYLLABLES = (
    "ba",
    "cor",
    "den",
    "fi",
    "gam",
    "hol",
    "jun",
    "ker",
    "li",
    "mon",
    "nar",
    "pel",
    "qua",
    "ros",
    "tig",
    "ver",
)
FIRST = (
    "Okay, so I need to find how much is left in the end. ",
    "The problem says that everything is counted once. ",
    "Alright, the question asks for one number. ",
    "Let me understand what is given here. ",
)
# how many of 100 paragraphs begin so
OPENINGS = {
    "\n\nFirst, ": 12,
    "\n\nStep 2: ": 10,
    "\n\nNext, ": 12,
    "\n\nSo, ": 16,
    "\n\nNow, putting numbers in, ": 10,
    "\n\nLet me break this down. ": 4,
    "\n\nI'll start with the first part. ": 4,
    "\n\nWait, let me check that again. ": 8,
    "\n\nLet me verify this by counting. ": 5,
    "\n\nHmm, no, that is wrong. ": 4,
    "\n\nI made a mistake there. ": 2,
    "\n\nAlternatively, we could count differently. ": 5,
    "\n\nAnother way to see it: ": 2,
    "\n\nHmm, let me think. ": 4,
    "\n\nThis is a bit tricky. ": 2,
}


def words(values: list[str]) -> Words:
    """Texts as an array that can be indexed by many places at once."""
    return np.array(values, dtype=object)


HEADS = words([f"{lead}{who} {verb} " for lead, who, verb in product(LEADS, WHO, VERBS)])
NUMBERS = words([str(number) for number in range(10_000)])
WORDS = words([" " + "".join(syllables) for syllables in product(SYLLABLES, repeat=3)])
THINGS = words([f" {kind} {noun}" for kind, noun in product(KINDS, NOUNS)])
TAILS = words([f" {end}" for end in ENDS])
STARTS = words([opening for opening, times in OPENINGS.items() for _ in range(times)])
BEGINNINGS = words(list(FIRST))
