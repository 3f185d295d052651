"""What is fuzzed: how cases are drawn, and what has to hold for every one of them.

A check may raise UserError, which a person can repair. Any other exception, and a property that does not hold, is a
defect.
"""

import gzip
import json
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from hypothesis import strategies as st

from curation.answers import choice, compare, extract, first_correct, numeric, yes_no
from curation.errors import UserError
from curation.imports.detect import detect
from curation.imports.layouts import Context, convert
from curation.imports.plan import preview
from curation.imports.readers import read_rows
from curation.query.filters import Filter
from curation.query.sql_gate import read, statement
from curation.recipe import Recipe
from curation.table import SCHEMA, to_table
from curation.texts.roles import by_cues
from curation.trace import KINDS, Problem, Trace
from curation.verifying.second_verifier import same
from pages.ui.reading.maths import to_markdown
from pages.ui.reading.side_by_side import words
from tests.fuzz import sql_world, words_of_attack

Json = Any
SCRATCH = Path(tempfile.mkdtemp(prefix="winnow-fuzz-"))
NAMES = (
    "question", "problem", "prompt", "messages", "output", "generation", "solutions", "answer", "reference",
    "chosen", "rejected", "model", "correct", "options", "chunk", "extra", "reasoning", "steps", "split",
)  # fmt: skip
PIECES = (
    "<think>", "</think>", "\\boxed{", "}", "{", "$", "\n\n", "####", "Answer:", "Wait", "1/0", "1e999", "½", "٣",
    "−", "\u2028", "\ud800", "\x00", "=", "(A)", "yes", "\\frac{1}{0}", "\\[", "\\]", "```", "<b>", "&#60;", "%",
    "17", "3,000", "x^2", "[1, 2)", "\\cup", "x =", ".", " ", "<script>", "](http://a.b)", "![x](y)",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One part of Winnow: how its cases are drawn, what has to hold, and how slow it is."""

    name: str
    cases: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    share: float = 1.0  # of the cases asked for; a case of some targets takes milliseconds


text = st.text(max_size=200) | st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=25).map("".join)
plain_text = text.map(lambda value: value.encode("utf-8", "replace").decode())
numbers = st.integers() | st.floats() | st.just(10**400)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=12,
)
rows = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), values, max_size=6)


def torn(data: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    """The bytes with some of them replaced, as a broken disk or a malicious hand would."""
    for place, other in cuts:
        at = place % (len(data) + 1)
        data = data[:at] + other + data[at + len(other) :]
    return data


damage = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=4)), max_size=4)
json_lines = st.lists(rows, max_size=4).map(lambda found: "\n".join(json.dumps(row) for row in found).encode())
json_array = st.lists(rows, max_size=4).map(lambda found: json.dumps(found).encode())
OWN = ("question", "reasoning", "answer", "problem_id", "text_key")
own = st.lists(
    st.fixed_dictionaries(
        {"question": text, "reasoning": text, "answer": text, "problem_id": st.none(), "text_key": st.none()},
        optional={name: values for name in SCHEMA.names if name not in OWN},
    ),
    max_size=2,
).map(lambda found: "\n".join(json.dumps(row) for row in found).encode())
wrapped = rows.map(lambda row: json.dumps({"results": [row, row], "test": row}).encode())
nested = st.integers(1, 5000).map(lambda deep: b'{"question": ' + b"[" * deep + b"]" * deep + b"}")
csv = st.lists(st.lists(text, max_size=4), max_size=5).map(
    lambda found: "\n".join(",".join(row) for row in found).encode("utf-8", "surrogatepass")
)


def parquet(found: list[dict[str, Json]]) -> bytes:
    """A Parquet file of rows whose values are texts."""
    sink = pa.BufferOutputStream()
    columns = {name for row in found for name in row} or {"question"}
    strings = {name: [json.dumps(row.get(name)) for row in found] for name in sorted(columns)}
    pq.write_table(pa.table(strings), sink)
    return bytes(sink.getvalue())


plain_files = json_lines | own | json_array | wrapped | nested | csv | st.binary(max_size=300)
damaged = st.tuples(plain_files, damage).map(lambda pair: torn(*pair))
packed = damaged.map(gzip.compress) | damaged.map(zstandard.ZstdCompressor().compress)
files = damaged | st.tuples(packed, damage).map(lambda pair: torn(*pair))
endings = st.sampled_from(["jsonl", "json", "csv", "tsv", "parquet", "gz", "txt"])
named_files = st.tuples(files, endings)
parquet_files = st.tuples(
    st.tuples(st.lists(rows, max_size=3).map(parquet), damage).map(lambda pair: torn(*pair)), st.just("parquet")
)


def check_importer(case: tuple[bytes, str]) -> None:
    """Every row is read or refused with a reason, and what is read becomes traces, a problem, or reasons."""
    path = SCRATCH / f"case.{case[1]}"
    path.write_bytes(case[0])
    records = list(read_rows(path))
    assert records, "a file without rows says so in one record"
    for record in records:
        assert (record.value is None) == (record.reason is not None)
    found = [record.value for record in records if record.value is not None]
    mapping = detect(found)
    for record in records:
        if record.value is not None:
            converted = convert(record.value, mapping, Context("case", record.line, "case"))
            assert converted.traces or converted.problem or converted.reasons, "the row is lost"
            to_table(converted.traces)
            for trace in converted.traces:
                assert trace.id
                assert isinstance(json.loads(trace.extra), dict)
                assert trace.question.strip()
                trace.extra.encode()
    preview(path)


def check_recipe(written: str) -> None:
    """A text is a recipe that reads back the same, or refused."""
    recipe = Recipe.read(written)
    assert Recipe.read(recipe.dump()) == recipe


def check_segmenter(case: tuple[str, str, int]) -> None:
    """Segments tile the reasoning, whatever it is."""
    reasoning, question, over = case
    for splitter in ("blank_line", "sentence", "newline"):
        segments = by_cues(Trace(Problem(question), reasoning), splitter, over)  # type: ignore[arg-type]
        assert "".join(reasoning[one.start : one.stop] for one in segments) == reasoning
        assert {one.kind for one in segments} <= set(KINDS)
        assert all(one.start < one.stop for one in segments)


def check_answers(case: tuple[str, str]) -> None:
    """Comparisons decide or say they cannot; what is read is what is written."""
    found, reference = case
    for extractor in ("auto", "boxed", "last_number", "letter", "yes_no"):
        assert isinstance(extract(found, extractor, reference) or "", str)  # type: ignore[arg-type]
    for comparator in ("numeric", "choice", "exact", "yes_no"):
        assert compare(found, reference, comparator).equal in (True, False)  # type: ignore[arg-type]
    assert "boxed" in found or compare(found, found, "exact").equal  # of a reference its box counts
    assert isinstance(numeric(found) or Fraction(0), Fraction)
    assert (choice(found) or "A") in "ABCDEFGHIJ"
    assert yes_no(found) in (True, False, None)
    assert same(found, reference) in (True, False, None)
    place = first_correct(Trace(Problem("?", reference), found))
    assert place is None or 0 <= place <= len(found)


def check_gate(query: str) -> None:
    """What the gate lets through reads its views and nothing else, when it is run."""
    allowed = read(statement(query), frozenset(sql_world.VIEWS))
    assert allowed.views <= set(sql_world.VIEWS)
    assert sql_world.SECRET not in sql_world.answer(query)


def check_filter(address: str) -> None:
    """A filter of an address is one that can be written back, or refused."""
    chosen = Filter.from_query(address)
    assert Filter.from_query(chosen.to_query()) == chosen
    chosen.where({"n_chars": "number", "model": "category", "correct": "flag"})


class Tags(HTMLParser):
    """The tags and attributes a browser would find."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__(convert_charrefs=True)
        self.found: set[tuple[str, ...]] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.found.add((tag, *(name for name, _ in attrs)))


DRAWN = {("span",), ("span", "class"), ("code",), ("code", "class"), ("br",), ("wbr",), ("strong",)}
FORMULA = re.compile(r"\$[^$]*\$")  # drawn by KaTeX, which knows no links and images unless it is told to trust
MARKED = {("del",), ("ins",)}


def check_html(case: tuple[str, str]) -> None:
    """No text of a trace becomes a tag, a link or an image."""
    left, right = case
    drawn = to_markdown(left)
    assert Tags(drawn).found <= DRAWN, Tags(drawn).found
    assert "](" not in FORMULA.sub("", drawn)
    for side in words(left, right):
        assert Tags(side).found <= MARKED


recipes = words_of_attack.recipes(values)
queries = words_of_attack.queries()
addresses = plain_text | values.map(lambda value: json.dumps(value, default=str)) | words_of_attack.filters(values)
TARGETS = (
    Target("importer", named_files, check_importer),
    Target("importer of Parquet", parquet_files, check_importer, 0.3),
    Target("recipe loader", recipes, check_recipe, 0.5),
    Target("segmenter", st.tuples(text, text, st.integers(0, 100)), check_segmenter),
    Target("answer comparison", st.tuples(text, text), check_answers),
    Target("SQL gate", queries, check_gate, 0.2),
    Target("filter in the address", addresses, check_filter),
    Target("HTML of a trace", st.tuples(text, text), check_html),
)


def holds(target: Target, case: Any) -> None:
    """Check a case; what a person can repair is no defect."""
    with suppress(UserError):
        target.check(case)
