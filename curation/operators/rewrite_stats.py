"""What became of each rewritten trace: the target it was made for, how short it got, how many tries it took."""

import json
from typing import Any, Literal

from curation.operator import Annotation, Annotator, ScoreType, Value
from curation.prompting.rewriting import NAME
from curation.trace import Trace


class RewriteStats(Annotator):
    """Read what `rewrite` wrote down of a trace it made; unknown for any other trace.

    `rewritten_to` is the difficulty, budget, level, format or language, `rewrite_ratio` the reasoning's length as a
    share of the parent's, and `budget_error` how far it is from its budget, as a share of that. `numbers_kept` says of
    a translation whether it has all digits of the parent; a translator may write 80,000 as 8万, so it drops nothing.
    """

    op: Literal["rewrite_stats"] = "rewrite_stats"

    def adds(self) -> dict[str, ScoreType]:
        """The target, the ratio, the tries, the distance from a budget, and the numbers."""
        numbers: dict[str, ScoreType] = dict.fromkeys(("rewrite_ratio", "rewrite_tries", "budget_error"), "number")
        return {"rewritten_to": "category", **numbers, "numbers_kept": "flag"}

    def annotate(self, trace: Trace) -> Annotation:
        """Read one trace."""
        values = json.loads(trace.extra)
        said = values.get(NAME) if isinstance(values, dict) else None
        return Annotation(_scores(said) if isinstance(said, dict) else dict.fromkeys(self.adds()))


def _scores(said: dict[str, Any]) -> dict[str, Value]:
    before, after = said["reasoning_tokens"]
    value, budget = said["value"], said["value"] if said["target"] == "budget" else None
    return {
        "rewritten_to": said["target"] if value is None else str(value),
        "rewrite_ratio": after / before if before else None,
        "rewrite_tries": said["tries"],
        "budget_error": abs(after - budget) / budget if budget else None,
        "numbers_kept": said.get("numbers_kept"),
    }
