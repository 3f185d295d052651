"""Keep one of the rows that say exactly the same, or that answer the same problem."""

from typing import Literal

from pydantic import Field

from curation.operator import Decision, Selector, column, literal

OVER = {
    "text": ("text_key",),
    "problem": ("problem_id",),
    "problem_and_model": ("problem_id", "model"),
}
ORDER = {"first": "", "shortest": "n_chars, ", "longest": "n_chars DESC, "}


class DropDuplicates(Selector):
    """Keep one row of those with the same text, or one a problem."""

    op: Literal["drop_duplicates"] = "drop_duplicates"
    over: Literal["text", "problem", "problem_and_model"] = Field("text", description="What equal rows have in common")
    keep: Literal["first", "shortest", "longest"] = Field("first", description="Which of the equal rows stays")

    def decide(self) -> Decision:
        """Rank the rows of a group; the first stays, the others name it."""
        group = ", ".join(column(name) for name in OVER[self.over])
        window = f"(PARTITION BY {group} ORDER BY {ORDER[self.keep]}pos)"
        rank = f"row_number() OVER {window}"
        what = self.over.replace("_", " ")
        reason = literal(f"same {what} as another row")
        return Decision(rank, f"{rank} = 1", reason, "1", f"first_value(id) OVER {window}")
