"""What a benchmark row holds beside its question and answer, such as a right and a wrong solution."""

import json

from curation.errors import UserError
from curation.trace import Problem


def extra_of(problem: Problem, name: str) -> str:
    """The row's text of that name; UserError names those it has."""
    extra = json.loads(problem.extra)
    if not isinstance(extra.get(name), str):
        known = ", ".join(extra) or "none"
        raise UserError(
            f"The benchmark row of '{problem.question[:60]}' has no text '{name}'; its other fields: {known}. "
            f'Write it into every row of the benchmark file as "{name}".'
        )
    return str(extra[name])
