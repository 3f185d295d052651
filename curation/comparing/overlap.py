"""How much of a question stands in a text: shared runs of n words, whatever the case and punctuation.

Numbers are kept: "1,000.50" is 1000.5 and "twelve" is 12. A question whose numbers were exchanged for others is
another question, unless numbers are to be `any`. Characters of Chinese, Japanese and Korean count as words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Numbers = Literal["same", "any"]
SHORTEST = 5  # ours: a question of fewer words is found only as the whole text, since "why is that" is everywhere
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
WORD = re.compile(rf"\d+(?:,\d{{3}})*(?:\.\d+)?|[{IDEOGRAPHS}]|[^\W\d_{IDEOGRAPHS}]+")
# "one" is left out: it is a pronoun as often as a number
UNITS = "two three four five six seven eight nine ten eleven twelve"
TENS = "twenty thirty forty fifty sixty seventy eighty ninety hundred"
NAMED = {name: str(number) for number, name in enumerate(UNITS.split(" "), 2)}
NAMED |= {name: str(10 * number) for number, name in enumerate(TENS.split(" "), 2)}


class Span(NamedTuple):
    """Characters [start, stop) of a text."""

    start: int
    stop: int


class Overlap(NamedTuple):
    """The share of a question's runs of words found in a text, and where they stand in both."""

    share: float
    text: list[Span]
    question: list[Span]


class Match(NamedTuple):
    """The question a text shares most with, as its place in the list, and the share."""

    question: int
    share: float


def words(text: str) -> list[str]:
    """The words of a text, small, and its numbers written one way."""
    return [_word(found) for found in WORD.findall(text)]


def _word(found: str) -> str:
    if not found[0].isdigit():
        small = found.casefold()
        return NAMED.get(small, small)
    number = found.replace(",", "")
    return number.rstrip("0").rstrip(".") if "." in number else number


@dataclass(frozen=True)
class Reading:
    """A text as what is compared: its runs of n words, its words and its numbers."""

    grams: Sequence[str]
    whole: str
    numbers: Counter[str]

    @classmethod
    def of(cls, text: str, n: int, numbers: Numbers) -> "Reading":
        """Read a text; with any numbers, all numbers read the same."""
        found = words(text)
        counted = Counter(word for word in found if word[0].isdigit()) if numbers == "same" else Counter[str]()
        if numbers == "any":
            found = ["0" if word[0].isdigit() else word for word in found]
        return cls(runs(found, n), " ".join(found), counted)

    def other_numbers(self, text: "Reading") -> bool:
        """True when each side has a number the other lacks: a number was exchanged, not left out."""
        return bool(self.numbers - text.numbers and text.numbers - self.numbers)


def runs(found: Sequence[str], n: int) -> list[str]:
    """Every run of n words; of fewer words, all of them as one."""
    return [" ".join(found[start : start + n]) for start in range(max(1, len(found) - n + 1))]


class Index:
    """Questions, to be looked for in many texts."""

    def __init__(self, questions: Iterable[str], n: int, numbers: Numbers) -> None:
        """Read the questions once."""
        self.n, self.numbers = n, numbers
        self.readings = [Reading.of(question, n, numbers) for question in questions]
        self.sizes = [len(set(reading.grams)) for reading in self.readings]
        self._short: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._whole: dict[str, list[int]] = defaultdict(list)
        for place, reading in enumerate(self.readings):
            length = reading.whole.count(" ") + 1
            if length < SHORTEST:
                self._whole[reading.whole].append(place)
            else:
                for gram in set(reading.grams):
                    self._short[min(length, n)][gram].append(place)

    def best(self, text: str) -> Match | None:
        """The question that the text holds the largest share of; None when it holds nothing of any."""
        share, place = max(((share, -place) for place, share in self._shares(text)), default=(0.0, 0))
        return Match(-place, share) if share else None

    def holding(self, text: str, minimum: float) -> list[int]:
        """The places of all questions of which the text holds at least this share."""
        return sorted(place for place, share in self._shares(text) if share >= minimum)

    def _shares(self, text: str) -> Iterator[tuple[int, float]]:
        """Every question the text holds something of, and how much."""
        reading = Reading.of(text, self.n, self.numbers)
        hits = Counter(self._whole.get(reading.whole, ()))
        found = reading.whole.split(" ")
        for length, postings in self._short.items():
            grams = reading.grams if length == self.n else runs(found, length)
            for gram in set(grams):
                hits.update(postings.get(gram, ()))
        for place, hit in hits.items():
            if not self.readings[place].other_numbers(reading):
                yield place, hit / self.sizes[place]


def overlap(text: str, question: str, n: int, numbers: Numbers) -> Overlap:
    """What a text and a question share, with the characters of both that say the same."""
    match = Index([question], n, numbers).best(text)
    if match is None:
        return Overlap(0.0, [], [])
    ours, theirs = (Reading.of(value, n, numbers).grams for value in (text, question))
    length = min(n, len(words(question)))
    if length < n:
        ours = runs(Reading.of(text, n, numbers).whole.split(" "), length)
    shared = set(ours) & set(theirs)
    return Overlap(match.share, _spans(text, ours, shared, length), _spans(question, theirs, shared, length))


def _spans(text: str, grams: Sequence[str], shared: set[str], length: int) -> list[Span]:
    """The characters of the runs that are shared, neighbours joined."""
    places = [Span(*found.span()) for found in WORD.finditer(text)]
    spans: list[Span] = []
    last = -1
    for first, gram in enumerate(grams):
        if gram not in shared:
            continue
        start, stop = places[first].start, places[first + length - 1].stop
        if first <= last:
            spans[-1] = Span(spans[-1].start, stop)
        else:
            spans.append(Span(start, stop))
        last = first + length
    return spans
