r"""How public benchmarks write a problem, recognised by what stands in the rows, never by the file's name.

GSM8K's answer is `.. #### 18`, SVAMP has Body and Question, ASDiv a Solution-Type, MAWPS sQuestion or number0 slots,
AQuA options and rationale, MATH a solution with \boxed, AIME whole numbers below 1000, MGSM two columns without names.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from curation.answers import boxed, numeric
from curation.benchmarking.choices import options_of, read_choice
from curation.imports.record import Row
from curation.imports.values import Json, text

Form = Literal["numeric", "choice", "math", "yes_no", "text"]
FORMS: tuple[Form, ...] = get_args(Form)
QUESTIONS = ("question", "problem", "input", "query", "instruction")  # ours: names of plain columns, first present
ANSWERS = ("answer", "reference", "final_answer", "gold", "target")
SUBJECTS, LEVELS = ("subject", "category", "topic"), ("level", "difficulty", "grade")
WITH_UNIT = re.compile(r"([-\d.,/]+)\s*\([^()]*\)")  # ASDiv's "9 (apples)"
AIME_ID = re.compile(r"(?:19|20)\d\d-I{1,2}-\d{1,2}")
SLOT = re.compile(r"\b(?:number|N_)0*(\d+)\b")


class Read(NamedTuple):
    """One problem as its row gives it; the reference is None where the row has none."""

    question: str
    reference: str | None
    subject: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Layout:
    """One public format: how its rows are known and read, and what is known of the benchmark they come from."""

    name: str
    fits: Callable[[Row], bool]
    read: Callable[[Row], Read]
    answers: Form | None = None  # None: told by the references
    source: str | None = None
    licence: str | None = None
    languages: tuple[str, ...] = ()


def first(row: Row, names: Sequence[str]) -> Json:
    """The first value that is there."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def words(value: Json) -> str | None:
    """A value as text, None where nothing is written."""
    return text(value).strip() or None


def lowered(row: Row) -> Row:
    """The row under small names: `Solution-Type` and `@Grade` are solution_type and grade."""
    return {name.strip("@ ").lower().replace("-", "_"): value for name, value in row.items()}


def _subject(row: Row, *names: str) -> str | None:
    return words(first(row, (*names, *SUBJECTS)))


def _level(row: Row) -> str | None:
    return words(first(row, LEVELS))


def _plain(row: Row) -> Read:
    question = first(row, QUESTIONS)
    asked = question if isinstance(question, str) else ""
    passage = words(row.get("passage"))
    asked = f"{passage}\n{asked}" if passage and asked.strip() else asked
    return Read(asked, words(first(row, ANSWERS)), _subject(row), _level(row))


def _gsm8k(row: Row) -> Read:
    answer = text(row.get("answer"))
    return _plain(row)._replace(reference=words(answer.rpartition("####")[2]) if "####" in answer else None)


def _body(row: Row) -> Read:
    """Body and Question, joined as they are."""
    asked = " ".join(filter(None, (words(row.get("body")), words(row.get("question")))))
    answer = words(row.get("answer"))
    unit = WITH_UNIT.fullmatch(answer) if answer else None
    return Read(asked, unit[1] if unit else answer, _subject(row, "type", "solution_type"), _level(row))


def _mawps(row: Row) -> Read:
    found = row.get("lsolutions")
    answers = [text(value) for value in found] if isinstance(found, list) else [text(found)]
    return Read(text(row.get("squestion")), words(", ".join(answers)))


def _slots(row: Row) -> Read:
    """`number0` and `N_00` stand for the numbers of another column."""
    given = row["numbers"]
    values = [text(value) for value in given] if isinstance(given, list) else text(given).replace(",", " ").split()

    def fill(slot: re.Match[str]) -> str:
        place = int(slot[1])
        return _short(values[place]) if place < len(values) else slot[0]

    return Read(SLOT.sub(fill, text(row.get("question"))), words(row.get("answer")))


def _short(number: str) -> str:
    value = numeric(number)
    return str(value.numerator) if value is not None and value.denominator == 1 else number


def _math(row: Row) -> Read:
    reference = words(row.get("answer")) or boxed(text(row.get("solution")))
    return Read(text(row.get("problem")), reference, _subject(row, "type"), _level(row))


def _is_solved(row: Row) -> bool:
    return _has("problem", "solution")(row) and bool(boxed(text(row["solution"])))


def _aime(row: Row) -> Read:
    asked = text(first(row, ("problem", "question")))
    return Read(asked, words(row.get("answer")), level=words(row.get("year")))


def _is_aime(row: Row) -> bool:
    value = numeric(text(row.get("answer"))) if first(row, ("problem", "question")) else None
    short = [part for part in row.values() if isinstance(part, str) and len(part) < 200]
    named = any("AIME" in part or AIME_ID.fullmatch(part) for part in short)
    return named and value is not None and value.denominator == 1 and 0 <= value < 1000


def _table(row: Row) -> Read:
    return Read(text(row.get("1")), words(row.get("2")))


def _translated(row: Row) -> Read:
    return Read(text(row.get("m_query")), words(row.get("response")))


def _yes_no(row: Row) -> Read:
    return _plain(row)._replace(reference="yes" if row["answer"] else "no")


def _with_choice(row: Row) -> Read:
    return _plain(row)._replace(reference=words(row.get("choice_answer")) or words(row.get("answer")))


def _choices(row: Row) -> Read:
    asked, reference = read_choice(row)
    return Read(asked, reference, _subject(row), _level(row))


def _has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(row.get(name) is not None for name in names)


LAYOUTS = (
    Layout("mgsm", lambda row: set(row) == {"1", "2"}, _table, "numeric", "MGSM (google-research/url-nlp)",
           "CC BY 4.0"),
    Layout("msvamp", _has("m_query", "response"), _translated, "numeric", "MSVAMP (microsoft/MathOctopus)", "MIT"),
    Layout("gsm8k", lambda row: "####" in text(row.get("answer")) and "question" in row, _gsm8k, "numeric",
           "GSM8K (openai/grade-school-math)", "MIT"),
    Layout("asdiv", _has("body", "question", "solution_type"), _body, None,
           "ASDiv (chaochun/nlu-asdiv-dataset)", "CC BY-NC 4.0", ("en",)),
    Layout("mawps", _has("squestion", "lsolutions"), _mawps, None, "MAWPS (sroy9/mawps)", None, ("en",)),
    Layout("mawps_slots", _has("question", "numbers", "answer"), _slots, "numeric", "MAWPS (arkilpatel/SVAMP)", None,
           ("en",)),
    Layout("svamp", _has("body", "question", "answer"), _body, "numeric", "SVAMP (arkilpatel/SVAMP)", "MIT", ("en",)),
    Layout("aqua", lambda row: _has("correct", "rationale")(row) and bool(options_of(row)), _choices, "choice",
           "AQuA (google-deepmind/AQuA)", "Apache-2.0", ("en",)),
    Layout("choices", lambda row: bool(options_of(row)), _choices, "choice"),
    Layout("choice_in_question", _has("question", "choice_answer"), _with_choice, "choice"),
    Layout("aime", _is_aime, _aime, "numeric", "AIME (Mathematical Association of America)", None, ("en",)),
    Layout("math", lambda row: _is_solved(row) and text(row.get("level")).startswith("Level"), _math, "math",
           "MATH (hendrycks/math)", "MIT", ("en",)),
    Layout("solution", lambda row: _is_solved(row) and not words(first(row, ANSWERS)), _math, None),
    Layout("yes_no", lambda row: isinstance(row.get("answer"), bool), _yes_no, "yes_no"),
    Layout("plain", lambda row: True, _plain),
)  # fmt: skip
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def recognise(rows: Sequence[Row]) -> Layout:
    """The first layout that every one of the rows fits; the last takes any."""
    small = [lowered(row) for row in rows]
    return next(layout for layout in LAYOUTS if all(layout.fits(row) for row in small))
