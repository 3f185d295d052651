"""Finding the mapping of a file from its first rows: by column names, and by think tags in the values."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from curation.imports.mapping import Mapping
from curation.imports.record import Row
from curation.imports.think import CLOSE, OPEN, split_final
from curation.imports.values import flag, text

# Column names by what they hold, best first, compared without case and punctuation.
QUESTION = "mquery question questions problem quiz modifiedquestion originalquestion userquestion seedquestion"
QUESTION += " instruction query questioncontent puzzle task prompt input title"
REASONING = "reasoning reasoningcontent thinking thoughts complexcot cot chainofthought rationale reason chain"
REASONING += " geminithinkingtrajectory deepseekthinkingtrajectory thinkingtrajectory thinkingprocess explanation"
REASONING += " generatedreasoning teacherreasoning trace"
STEPS = "steps modelsolutionsteps modeloutputsteps modifiedprocess process cotrepeatsteps decomposition originalprocess"
OUTPUT = "output outputs response responses completion completions generation generations generated generatedsolution"
OUTPUT += " modeloutput modelresponse fullmodelresponse originalresponse generatedtext generatedanswer prediction finaltrace"
OUTPUT += " r1generation deepseekr1 code solutioncode"
ANSWER = "geminiattempt deepseekattempt attempt genans response output completion finalanswer prediction predanswer"
REFERENCE = "reference referenceanswer goldanswer groundtruth groundtruths groundtrueanswer groundtruthanswer gtanswer gt"
REFERENCE += " expectedanswer correctanswer trueanswer actualanswer targetanswer target goldsolution finalanswer answeridx"
CORRECT = "iscorrect correct correctness givencorrect correctnessmathverify verified finalanswercorrect initialcorrect"
CORRECT += " correctanswer score modeloutputanswercorrectness"
MODEL = "model modelname llm generator modelid teacher teachermodel engine"
SUBJECT = "subject topic category domain examname medicaltask type tasktype"
DATASET = "dataset datasetname datasource"
OPTIONS = "options choices"
CONTEXT = "passage context"
MEDIA = "images image videos video audios audio imagepath"
MESSAGES = "messages conversations conversation traj intermediatesteps chathistory dialogue dialog"
SOLUTION = "fullmodelresponse solution response originalresponse output completion generation cot text content"
NO_SAMPLES = re.compile(r"chunk|step|history|message|convers|option|choice|meta|info|config|traj|prompt|chosen|rejected")
LONG = 200  # characters; ours: answers longer than this, or of several lines, are solutions and not reference answers
PROGRAM = re.compile(r"\s*(?:```python|import |from \w+ import|def |class |[a-z_]\w* = )")


class Columns:
    """The columns of the first rows and their values."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Collect every column that holds something."""
        self.values: dict[str, list[Any]] = {}
        for row in rows:
            for name, value in row.items():
                if value not in (None, "", [], {}):
                    self.values.setdefault(name, []).append(value)

    def find(self, names: str, taken: Iterable[str | None] = ()) -> str | None:
        """The first column, best name first, that is not taken."""
        known = {_plain(name): name for name in reversed(self.values) if name not in taken}
        return next((known[name] for name in names.split() if name in known), None)

    def texts(self, name: str) -> list[str]:
        """The values of a column as texts, items of lists apart."""
        return [text(item) for value in self.values[name] for item in (value if isinstance(value, list) else [value])]

    def tagged(self) -> str | None:
        """The column with the most think tags, the shorter one on a tie."""
        counts = {name: sum(_has_tags(value) for value in self.texts(name)) for name in self.values if self.plain(name)}
        best = max(counts.values(), default=0)
        tied = [name for name, count in counts.items() if count == best > 0]
        return min(tied, key=lambda name: sum(map(len, self.texts(name)))) if tied else None

    def plain(self, name: str) -> bool:
        """Whether the values are texts or lists of texts, and no prompt."""
        first = self.values[name][0]
        first = first[0] if isinstance(first, list) else first
        return isinstance(first, str) and _plain(name) not in ("prompt", "question", "problem", "systemprompt", "tools")

    def is_long(self, name: str) -> bool:
        """Whether most values are solutions rather than short answers."""
        values = self.texts(name)
        return sum(len(value) > LONG or "\n" in value.strip() or "####" in value for value in values) * 2 > len(values)


def detect(rows: Sequence[Row]) -> Mapping:
    """The mapping that the first rows suggest; columns nobody recognises stay unmapped."""
    columns = Columns(rows)
    if {"problem_id", "text_key", "question", "reasoning", "answer"} <= set(columns.values) | set(rows[0] if rows else ()):
        return Mapping(layout="winnow")
    shared = {
        "model": columns.find(MODEL),
        "subject": columns.find(SUBJECT),
        "split": columns.find("split"),
        "dataset": columns.find(DATASET),
        "media": columns.find(MEDIA),
        "correct": _correct(columns),
    }
    found = _preference(columns) or _messages(columns) or _samples(columns) or _columns(columns)
    if "media" in found or shared["media"] is None or not _is_media(columns, shared["media"]):
        shared["media"] = None
    return Mapping.model_validate({**shared, **found})


def _preference(columns: Columns) -> dict[str, Any] | None:
    if not {"chosen", "rejected"} <= set(columns.values):
        return None
    return {"layout": "preference", "chosen": "chosen", "rejected": "rejected", **_prompt(columns)}


def _prompt(columns: Columns) -> dict[str, Any]:
    messages = _chat(columns)
    return {"messages": messages} if messages else {"question": columns.find(QUESTION)}


def _messages(columns: Columns) -> dict[str, Any] | None:
    messages = _chat(columns)
    if messages is None:
        return None
    question = columns.find("question problem originalquestion", [messages])
    return {
        "layout": "messages",
        "messages": messages,
        "question": question,
        "reference": columns.find(REFERENCE, [messages]),
    }


def _chat(columns: Columns) -> str | None:
    for name, values in columns.values.items():
        first = values[0][0] if isinstance(values[0], list) else None
        if _plain(name) in MESSAGES.split() and isinstance(first, dict) and {"role", "from"} & set(first):
            return name
    return None


def _samples(columns: Columns) -> dict[str, Any] | None:
    found = {name: inner for name, values in columns.values.items() if (inner := _inner(name, values)) is not None}
    if not found:
        return None
    name, inner = next(iter(found.items()))
    question = columns.find(QUESTION, found)
    return {
        "layout": "samples",
        "samples": "*" if len(found) > 1 or inner.find(QUESTION) else name,
        "question": question or inner.find(QUESTION),
        "options": columns.find(OPTIONS),
        "context": columns.find(CONTEXT),
        "output": inner.find(SOLUTION),
        "answer": "answers.answer" if "answers" in inner.values else None,
        "reference": columns.find(REFERENCE, found) or columns.find("answer", found),
        "correct": "answers.correct_answer" if "answers" in inner.values else inner.find(CORRECT + " totalscore"),
        "model": inner.find(MODEL) or columns.find(MODEL),
    }


def _inner(name: str, values: list[Any]) -> Columns | None:
    """The columns inside a value that holds solutions."""
    if NO_SAMPLES.search(name.lower()):
        return None
    items = [item for value in values for item in _objects(value)]
    if not items or any({"role", "from"} & set(item) for item in items):
        return None
    columns = Columns(items)
    solution = columns.find(SOLUTION)
    return columns if solution and all(isinstance(value, str) for value in columns.values[solution]) else None


def _objects(value: Any) -> list[Row]:  # noqa: ANN401  (any JSON value)
    if isinstance(value, dict) and value and all(isinstance(member, dict) for member in value.values()):
        return list(value.values())
    members = value if isinstance(value, list) else [value]
    return [member for member in members if isinstance(member, dict)]


def _columns(columns: Columns) -> dict[str, Any]:
    tagged = columns.tagged()
    question = columns.find(QUESTION, [tagged])
    reasoning = columns.find(REASONING, [question])
    steps = columns.find(STEPS, [question])
    output = tagged or columns.find(OUTPUT, [question])
    if tagged:
        reasoning = steps = None
    if reasoning or steps:
        output = None
    taken = [question, reasoning, steps, output]
    answer = columns.find(ANSWER, taken) if reasoning or tagged or steps else None
    reference = columns.find(REFERENCE, [*taken, answer])
    found = _place_answer(columns, {"reasoning": reasoning, "steps": steps, "output": output, "answer": answer}, reference)
    return {
        **found,
        "question": _alternatives(columns, question),
        "context": columns.find(CONTEXT, taken),
        "input": columns.find("input", [*taken, answer]) if question and _plain(question) == "instruction" else None,
        "options": columns.find(OPTIONS),
        "form": _form(columns, output),
    }


def _place_answer(columns: Columns, found: dict[str, str | None], reference: str | None) -> dict[str, str | None]:
    """What a column called answer (or solution) holds: a solution, the answer after the reasoning, or the reference."""
    name = columns.find("answer", [*found.values(), reference])
    if any(found[key] for key in ("reasoning", "steps", "output")):
        is_answer = name and not found["answer"] and not found["output"]
        return {**found, "answer": name if is_answer else found["answer"], "reference": reference or name}
    if name and columns.is_long(name):
        final = name if any(split_final(value)[1] for value in columns.texts(name)) else None
        return {**found, "output": name, "reference": reference or final}
    solution = columns.find("solution response", [reference])
    return {**found, "output": solution, "reference": reference or name}


def _alternatives(columns: Columns, question: str | None) -> str | None:
    """The question's column, with `questions` beside it where rows differ."""
    plural = columns.find("questions", [question]) if question else None
    return f"{question}|{plural}" if plural else question


def _correct(columns: Columns) -> str | None:
    named = columns.find(CORRECT)
    if named is None:
        named = next((name for name in columns.values if name.endswith(("_correct", "correctness"))), None)
    return named if named and any(flag(value) is not None for value in columns.texts(named)) else None


def _form(columns: Columns, output: str | None) -> str:
    values = columns.texts(output)[:50] if output else []
    return "pot" if values and sum(bool(PROGRAM.match(value)) for value in values) * 2 > len(values) else "cot"


def _is_media(columns: Columns, name: str) -> bool:
    return all(isinstance(item, str) for value in columns.values[name] for item in (value if isinstance(value, list) else [value]))


def _has_tags(value: str) -> bool:
    return OPEN.search(value) is not None or CLOSE.search(value) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
