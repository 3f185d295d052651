"""Texts made of the words that recipes, queries and filters are made of, and of those that attack them."""

import json
from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

from curation.operator import OPERATORS

YAML = (
    "name: x\n", "steps:\n", "- ", "{op: cut}\n", "op: ", "!!python/object/apply:os.system [id]\n", "&a ", "*a ",
    "!!int ''\n", "!!bool x\n", "!!timestamp x\n", "!!binary x\n", "? [1]: 2\n", "<<: *a\n", "  ", "\t", "[", "]",
    "{", "}", ": ", "|\n", ">-\n", "---\n", "...\n", "%TAG ! x\n", "\ufeff", "1:1:1", "0b", "0o9", "2001-99-99\n",
    "keep_where", "off: true\n", "evaluate: {}\n", "train: 1\n", "'", '"', "#", "!!set {a}\n",
)  # fmt: skip
SQL = (
    "SELECT", "FROM", "WHERE", "scores", "texts", "problems", "*", "(", ")", ",", ";", "'", '"', "1", "n_chars",
    "id", "model", "AND", "OR", "NOT", "UNION ALL", "WITH RECURSIVE t AS (", "JOIN", "read_text", "read_csv", "glob",
    "'/etc/passwd'", "COPY", "ATTACH", "PRAGMA", "SET", "INSTALL", "CALL", "EXPLAIN", "query", "getenv('HOME')",
    "current_setting('home_directory')", "count(*)", "unnest([1])", "lambda x: x", "PIVOT", "AT (VERSION => 1)",
    "main.", "::", "JSON", "COLUMNS('.*')", "POSITIONAL JOIN", "--", "/*", "*/", "$1", "?", "[", "]", "{", "}",
    "secret", "'secret'", "FROM 'secret.csv'", "DESCRIBE", "SUMMARIZE", "TABLE", "VALUES (1)", "GROUP BY ALL",
    "ORDER BY ALL", "LIMIT 1", "replace('aa', 'a', 'aa')", "string_agg(model)", "TRY_CAST", "CASE WHEN", "END",
)  # fmt: skip


def joined(pieces: Sequence[str], between: str = "", most: int = 20) -> st.SearchStrategy[str]:
    """Some of the pieces and a little of anything."""
    return st.lists(st.sampled_from(pieces) | st.text(max_size=5), max_size=most).map(between.join)


def recipes(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Recipes with wrong values, and texts that look like recipes."""
    fields = sorted({name for spec in OPERATORS.members.values() for name in spec.model_fields} | {"off", "op"})
    names = st.sampled_from(sorted(OPERATORS.members)) | st.text(max_size=5)
    step = st.builds(
        lambda op, rest: {**rest, "op": op}, names, st.dictionaries(st.sampled_from(fields), values, max_size=3)
    )
    whole = st.fixed_dictionaries({"name": values, "steps": st.lists(step | values, max_size=3)}, optional={
        "train": values, "evaluate": values, "paper": values, "description": values, "other": values,
    })  # fmt: skip
    written = whole.map(lambda recipe: json.dumps(recipe)) | whole.map(_yaml)
    return written | joined(YAML)


def _yaml(recipe: Any) -> str:
    return str(yaml.safe_dump(recipe, allow_unicode=True, sort_keys=False))


def queries() -> st.SearchStrategy[str]:
    """Queries and conditions of known words in any order."""
    asked = joined(SQL, " ")
    return (
        asked | asked.map(lambda rest: f"SELECT {rest} FROM scores") | asked.map(lambda rest: f"SELECT * FROM {rest}")
    )


def filters(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """Filters with wrong values."""
    fields = ("ranges", "values", "flags", "lasso", "problem_id", "text", "regex", "meaning", "nearest", "sql")
    columns = st.dictionaries(st.sampled_from(["n_chars", "model", "correct", 'a"b']), values, max_size=2)
    return st.dictionaries(st.sampled_from(fields), values | columns, max_size=3).map(json.dumps)
