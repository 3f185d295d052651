"""Which sentences and words of a text say most, without a model: what is central, and what carries the computation."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from curation.texts.splitting import Span, protected

WORD = re.compile(r"[㐀-鿿]|[^\W\d_㐀-鿿]{2,}|\d+(?:\.\d+)?")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
FORMULA = re.compile(r"[\d=^]|\\[A-Za-z]+|\$")
# The words a reader fills in; negations, numerals and words that tell cases apart ("if", "all", "more") are not among
# them. Ours, as are the ranks below.
FUNCTION_WORDS = frozenset(
    """
    a an the this that these those it its he she his her him they them their we our us i my me you your
    is are was were be been being am do does did have has had having will would shall can could may should
    of to in on at by for from with as into onto upon about over and or but so then thus hence therefore also
    there here which who whom whose what when where how just very really quite well now okay ok alright hmm oh
    let lets because since while though such too some any each other another again still yet actually basically
    """.split()  # noqa: SIM905  (a hundred words are read more easily as text)
)
LETTER = re.compile(r"[^\W\d_]")
NEGATION = re.compile(
    r"(?:no|not|never|none|nor|neither|cannot|without|unless|except|only|if|less|\w+n['’]t)\b|[不没無无未非]",
    re.IGNORECASE,
)
# a word with what sticks to it and the space behind it; one character of a script without spaces
TOKEN = re.compile(r"(?:[㐀-鿿]|[^\s㐀-鿿]+)\s*")


SPACE = re.compile(r"\s*")


def rank_sentences(sentences: Sequence[str]) -> list[float]:
    """Importance of each sentence: first those that state a number first, then other formulas, then by centrality."""
    known: set[str] = set()
    ranks = []
    for sentence, central in zip(sentences, centrality(sentences), strict=True):
        numbers = set(NUMBER.findall(sentence))
        tier = 2 if numbers - known else 1 if FORMULA.search(sentence) else 0
        known |= numbers
        ranks.append(tier + central)
    return ranks


def centrality(sentences: Sequence[str]) -> list[float]:
    """How close each sentence is to the whole, as the cosine of their TF-IDF vectors."""
    counts = [Counter(word for word in _plain_words(sentence)) for sentence in sentences]
    rarity = _rarity(counts)
    rows = [_unit({word: n * rarity[word] for word, n in counted.items()}) for counted in counts]
    whole: dict[str, float] = defaultdict(float)
    for row in rows:
        for word, weight in row.items():
            whole[word] += weight
    whole = _unit(whole)
    return [sum(weight * whole[word] for word, weight in row.items()) for row in rows]


def rank_words(words: Sequence[str]) -> list[float]:
    """Importance of each word: numbers, formulas and negations, then rare words, then function words."""
    plain = [_bare(word) for word in words]
    counts = Counter(plain)
    return [_rank(word, bare, counts[bare]) for word, bare in zip(words, plain, strict=True)]


def words(text: str) -> list[Span]:
    """The words of a text with the space behind each; a formula or a piece of code is one word."""
    spans: list[Span] = []
    position = 0
    for start, stop in [*protected(text), (len(text), len(text))]:
        if start < position:
            continue
        spans += [match.span() for match in TOKEN.finditer(text, position, start)]
        position = start
        if start < stop:
            space = SPACE.match(text, stop)
            position = space.end() if space else stop
            spans.append((start, position))
    return [(0, spans[0][1]), *spans[1:]] if spans else []


def _rank(word: str, bare: str, count: int) -> float:
    if FORMULA.search(word) or NEGATION.match(bare) or not LETTER.search(word):
        return 3
    return 0 if bare in FUNCTION_WORDS else 1 + 1 / count


def _bare(word: str) -> str:
    return word.strip().strip(".,;:!?()\"'“”*_`").lower()


def _plain_words(sentence: str) -> list[str]:
    return [word for word in WORD.findall(sentence.lower()) if word not in FUNCTION_WORDS]


def _rarity(counts: Sequence[Counter[str]]) -> dict[str, float]:
    holding = Counter(word for counted in counts for word in counted)
    return {word: math.log((1 + len(counts)) / (1 + n)) + 1 for word, n in holding.items()}


def _unit(row: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in row.values()))
    return {word: weight / length for word, weight in row.items()} if length else row


def keep_words(text: str, rate: float) -> str:
    """The most telling words in their order, rate times as many as there are, each with the space behind it."""
    spans = words(text)
    ranks = rank_words([text[start:stop] for start, stop in spans])
    count = int(rate * len(spans) + 0.5)  # half up, as LLMLingua's rate times the number of tokens
    kept = sorted(sorted(range(len(spans)), key=lambda place: (-ranks[place], place))[:count])
    return "".join(text[slice(*spans[place])] for place in kept)
