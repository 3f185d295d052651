"""Benchmarks as files: where they are, what they ask, and a hash of their bytes.

A benchmark is a file of problems in any public layout (benchmarking/layouts), also gzipped, or a Parquet file with the
columns of PROBLEMS; a card beside it may say how it is read. It is named by a shipped name, the name of an imported
one, or a path.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from curation.benchmarking.card import Card, beside, form_of, read_card
from curation.benchmarking.layouts import ANSWERS, BY_NAME, QUESTIONS, Layout, Read, lowered, recognise, words
from curation.benchmarking.rows import Line, lines
from curation.errors import UserError
from curation.imports.record import Row
from curation.imports.values import get
from curation.places import readable, typed
from curation.table import PROBLEMS
from curation.texts.languages import languages_of
from curation.trace import Problem

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "benchmark"
OWN = {*QUESTIONS, *ANSWERS, *PROBLEMS.names}  # what a problem keeps under its own name
HEAD = 100  # ours: rows that tell the layout, and questions that tell the languages
FEWEST = 0.2  # ours: share of questions from which a language is named; single short ones are misread


class Item(NamedTuple):
    """A problem and its row in the benchmark's file, from 1; the reference is None where the file has none."""

    row: int
    problem: Problem
    level: str | None = None


class Described(NamedTuple):
    """A benchmark's card and its problems."""

    card: Card
    items: list[Item]


def shipped() -> list[str]:
    """Names of the benchmarks that come with Winnow."""
    return sorted(path.stem for path in SHIPPED.glob("*.jsonl"))


def imported_in(folder: Path) -> list[Path]:
    """Benchmark files made from imported problems."""
    return sorted(folder.glob("*.parquet"))


def locate(name: str, imported: Path | None = None) -> Path:
    """The file of a shipped or an imported benchmark's name, or of a path; UserError names the known ones."""
    own = [path.stem for path in imported_in(imported)] if imported else []
    places = [SHIPPED / f"{Path(name).name}.jsonl", typed(name)]
    places += [imported / f"{Path(name).name}.parquet"] if imported else []
    for path in places:
        if path.is_file():
            return readable(path).resolve()
    raise UserError(
        f"There is no benchmark '{name}'; known: {', '.join([*shipped(), *own]) or 'none'}, "
        'or the path of a .jsonl file with "question" and "answer", or of a parquet file of problems.'
    )


def title(path: Path) -> str:
    """A benchmark's name: its file's, without what says how it is written."""
    return path.name.removesuffix(".gz").rpartition(".")[0]


def items(path: Path) -> list[Item]:
    """The problems of a file in order, no question twice; UserError when a row has no question."""
    return _distinct(_read(path)[1])


def describe(path: Path) -> Described:
    """The problems of a file with its whole card: what the card's file says, and what rows and layout tell."""
    layout, every = _read(path)
    card, found = read_card(path), _distinct(every)
    references = [item.problem.reference for item in found if item.problem.reference is not None]
    told = {
        "name": card.name or title(path),
        "source": card.source or (layout.source and f"{layout.source}, by its layout"),
        "licence": card.licence or (layout.licence and f"{layout.licence} of the original"),
        "problems": len(found),
        "repeated": len(every) - len(found),
        "conflicting": len({(item.problem.id, item.problem.reference) for item in every}) - len(found),
        "layout": layout.name,
        "answers": card.answers or layout.answers or (form_of(references) if references else None),
        "languages": card.languages
        or layout.languages
        or languages_of([item.problem.question for item in found[:HEAD]], FEWEST),
        "splits": card.splits or tuple(sorted({item.problem.split for item in found if item.problem.split})),
    }
    return Described(card.model_copy(update=told), found)


def _read(path: Path) -> tuple[Layout, list[Item]]:
    """The file's layout, as its card or its first rows say, and one item a row."""
    rows, card = lines(path), read_card(path)
    known = BY_NAME.get(card.layout or ("plain" if "question" in card.fields else ""))
    layout = known or recognise([line.values for line in rows[:HEAD]])
    return layout, [_item(path, line, layout, card) for line in rows]


def _distinct(every: list[Item]) -> list[Item]:
    found: dict[str, Item] = {}
    for item in every:
        found.setdefault(item.problem.id, item)
    return list(found.values())


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes; read again only when the file has changed."""
    facts = path.stat()
    return _content_hash(path, facts.st_mtime_ns, facts.st_size)


def read_hash(path: Path) -> str:
    """SHA-256 of all that decides its questions: the file's bytes, and its card's where that says how to read them."""
    file, card = beside(path), read_card(path)
    if file is None or not (card.layout or "question" in card.fields):
        return content_hash(path)
    return hashlib.sha256(f"{content_hash(path)} {content_hash(file)}".encode()).hexdigest()


@lru_cache(maxsize=64)
def _content_hash(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _item(path: Path, line: Line, layout: Layout, card: Card) -> Item:
    values = lowered(line.values)
    read = _named(layout.read(values), line.values, card)
    if not read.question.strip():
        raise UserError(
            f'{path}, row {line.row}: no "question"; its fields: {", ".join(line.values)}. Rename the column, or name '
            f"it in {title(path)}.card.yaml: `fields: {{question: COLUMN, answer: COLUMN}}`."
        )
    split = card.fields.get("split", "split")
    media = values.get("media") or ()
    rest = {name: value for name, value in line.values.items() if name not in OWN}
    problem = Problem(
        read.question, read.reference, str(values.get("dataset") or title(path)), words(get(line.values, split)),
        read.subject, (media,) if isinstance(media, str) else tuple(media),
        json.dumps(rest, ensure_ascii=False, default=str),
    )  # fmt: skip
    return Item(line.row, problem, read.level)


def _named(read: Read, row: Row, card: Card) -> Read:
    """The row with the columns that the card names."""
    own = {role: words(get(row, column)) for role, column in card.fields.items() if role != "split"}
    question = own.pop("question", read.question) or ""
    reference = own.pop("answer", read.reference)
    return Read(question, reference, own.get("subject", read.subject), own.get("level", read.level))
