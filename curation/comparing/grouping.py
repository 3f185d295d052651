"""Groups of rows in SQL: what the operators that compare rows with each other share.

A group is a column's or score's name, or `problem`: the rows that answer the same question. Rows are shuffled by the
MD5 of their id and a seed, which no version of DuckDB computes differently.
"""

from curation.operator import column, literal

PROBLEM = "problem"


def group_of(name: str) -> str:
    """The SQL expression that is equal within a group."""
    return column("problem_id") if name == PROBLEM else column(name)


def number_of(name: str) -> str:
    """A score as a number, NULL where it is unknown."""
    value = f"CAST({column(name)} AS DOUBLE)"
    return f"CASE WHEN NOT isnan({value}) THEN {value} END"


def needed(*names: str | None) -> tuple[str, ...]:
    """Those of the names that are scores or metadata, each once."""
    return tuple(dict.fromkeys(name for name in names if name is not None and name != PROBLEM))


def shuffled(expression: str, seed: int) -> str:
    """A number that puts the values of an expression in an order fixed by the seed."""
    return f"md5_number({expression} || {literal(f':{seed}')})"
