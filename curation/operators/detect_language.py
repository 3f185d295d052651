"""Detect the language of a reasoning, and how much of it is in that language: teachers switch in mid-thought."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from curation.operator import Annotation, Annotator, ScoreType
from curation.texts.languages import NO_LANGUAGE, VARIETIES, identifier
from curation.texts.splitting import protected, sentences
from curation.texts.tokens import estimate_tokens
from curation.trace import Trace

EAST_ASIAN = re.compile("[぀-ヿ㐀-鿿]+")
NO_PROSE = re.compile(r"\\[A-Za-z]+|</?\w[^<>\n]{0,80}>|https?://\S+|[\d=+*/^_{}|<>#$\\]+")
FEWEST = 8  # ours: estimated tokens; two words could be of any language
PIECE = 30  # ours: estimated tokens classified together; single sentences are taken for small languages
SIGNS = re.compile(r"[^\w\s]|[\d_]")


class DetectLanguage(Annotator):
    """Detect the main language of the reasoning and the share of the text that is in it.

    Formulas, code and numbers are left out. The share is of estimated tokens, so that a Chinese word weighs about as
    much as an English one. Both are unknown for a reasoning of too few words.
    """

    op: Literal["detect_language"] = "detect_language"

    def adds(self) -> dict[str, ScoreType]:
        """Code of the main language, as ISO 639, and its share."""
        return {"language": "category", "language_share": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        """Weigh the languages of the pieces of the text."""
        weights: Counter[str] = Counter()
        for piece in pieces(prose(trace.reasoning)):
            language = identifier().classify(piece)[0]
            if language != NO_LANGUAGE:
                weights[VARIETIES.get(language, language)] += n_word_tokens(piece)
        total = weights.total()
        if total < FEWEST:
            return Annotation({"language": None, "language_share": None})
        language, weight = max(weights.items(), key=lambda item: (item[1], item[0]))
        return Annotation({"language": language, "language_share": weight / total})


def prose(text: str) -> str:
    """The text without code, formulas, tags, addresses and numbers."""
    kept, position = [], 0
    for start, stop in protected(text):
        kept.append(text[position:start])
        position = max(position, stop)
    return NO_PROSE.sub(" ", " ".join([*kept, text[position:]]))


def n_word_tokens(text: str) -> int:
    """Estimated tokens of the words alone, without marks and numbers."""
    return estimate_tokens(SIGNS.sub(" ", text))


def pieces(text: str) -> Iterator[str]:
    """Runs of sentences long enough to tell a language; East Asian script is taken together, wherever it stands."""
    together = "".join(EAST_ASIAN.findall(text))
    if together:
        yield together
    rest = EAST_ASIAN.sub(" ", text)
    gathered, tokens = [], 0
    for start, stop in sentences(rest, (0, len(rest)), []):
        sentence = rest[start:stop]
        gathered.append(sentence)
        tokens += n_word_tokens(sentence)
        if tokens >= PIECE:
            yield "".join(gathered)
            gathered, tokens = [], 0
    if tokens >= FEWEST:
        yield "".join(gathered)
