"""Which language a text is in, by the classifier that comes with py3langid."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NO_LANGUAGE = "zxx"  # py3langid's class for text that is none
VARIETIES = {"wuu": "zh", "yue": "zh"}  # written alike; short texts are taken for one or the other


@lru_cache(maxsize=1)
def identifier() -> "LanguageIdentifier":
    """py3langid's model, which comes with the package; loaded once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def languages_of(texts: Iterable[str], least: float) -> tuple[str, ...]:
    """The languages that at least this share of the texts is in, the most frequent first."""
    found = [identifier().classify(text)[0] for text in texts]
    counted = Counter(VARIETIES.get(language, language) for language in found if language != NO_LANGUAGE)
    return tuple(language for language, count in counted.most_common() if count >= least * len(found))
