"""Multiple choice as ARC, OpenBookQA, CommonsenseQA, MMLU, AGIEval and AQuA write it: options, and which is right."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from curation.imports.record import Row
from curation.imports.values import Json, text, with_options

LETTERED = re.compile(r"\s*\(?([A-J])[).:]\s*")  # an option that carries its letter
KEYS = ("answerkey", "correct", "label", "answer", "answer_index", "target")
LETTERS = "ABCDEFGHIJ"


class Option(NamedTuple):
    """An option's own label, where it has one, and its text as it is written."""

    label: str
    text: str


def options_of(row: Row) -> list[Option]:
    """The options of a row, also those inside its question; empty where it has none."""
    question = row.get("question")
    inner = question.get("choices") if isinstance(question, dict) else None
    return _options(row.get("options") or row.get("choices") or inner)


def _options(value: Json) -> list[Option]:
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        labels = value.get("label") or list(LETTERS)
        return [Option(text(label), text(body)) for label, body in zip(labels, value["text"], strict=False)]
    if isinstance(value, dict):
        return [Option(text(label), text(body)) for label, body in value.items() if body is not None]
    return [_option(item) for item in value] if isinstance(value, list) else []


def _option(item: Json) -> Option:
    if isinstance(item, dict):
        return Option(text(item.get("label") or item.get("letter") or item.get("key")), text(item.get("text")))
    found = LETTERED.match(text(item))
    return Option(found[1] if found else "", text(item))


def read_choice(row: Row) -> tuple[str, str | None]:
    """The question with its lettered options, and the letter of the right one."""
    options = options_of(row)
    asked = row.get("question")
    stem = asked.get("stem") if isinstance(asked, dict) else asked or row.get("question_stem") or row.get("problem")
    passage = text(row.get("passage")).strip()
    question = "\n".join(filter(None, (passage, text(stem))))
    if not question.strip():
        return "", None
    return with_options(question, _lines(options)), _right(options, row)


def _lines(options: Sequence[Option]) -> list[Json]:
    if all(LETTERED.match(option.text) for option in options):
        return [option.text for option in options]
    return [{"label": LETTERS[place], "text": option.text} for place, option in enumerate(options[: len(LETTERS)])]


def _right(options: Sequence[Option], row: Row) -> str | None:
    """The letter of the option named by its label, its place from 0, or its text; None where none is."""
    key = next((row[name] for name in KEYS if row.get(name) not in (None, "")), None)
    named = text(key).strip()
    if not named:
        return None
    by_label = [place for place, option in enumerate(options) if option.label and option.label == named.strip("(). ")]
    by_text = [place for place, option in enumerate(options) if option.text.strip() == named]
    place = int(named) if named.isdigit() else LETTERS.find(named) if len(named) == 1 else -1
    found = [*by_label, *by_text, *([place] if 0 <= place < len(options) else [])]
    return LETTERS[found[0]] if found else None
