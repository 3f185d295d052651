"""Keep one of the rows that say the same, nearly the same, or that answer the same problem."""

from typing import Literal, Self

from pydantic import Field, model_validator

from curation.comparing.grouping import number_of
from curation.operator import Decision, Selector, column, literal
from curation.params import ScoreName

CLUSTER = "dup_cluster"
OVER = {
    "text": ("text_key",),
    "cluster": (CLUSTER,),
    "problem": ("problem_id",),
    "problem_and_model": ("problem_id", "model"),
}
WHAT = {"cluster": "near-duplicate of another row"}
ORDER = {"first": "", "shortest": "n_chars, ", "longest": "n_chars DESC, "}


class DropDuplicates(Selector):
    """Keep one row of those with the same text, of a cluster of near-duplicates, or of a problem."""

    op: Literal["drop_duplicates"] = "drop_duplicates"
    over: Literal["text", "cluster", "problem", "problem_and_model"] = Field(
        "text", description="What equal rows have in common"
    )
    keep: Literal["first", "shortest", "longest", "highest"] = Field(
        "first", description="Which of the equal rows stays"
    )
    score: ScoreName | None = Field(None, description="Score whose highest value stays, with keep highest")

    @model_validator(mode="after")
    def _scored(self) -> Self:
        if (self.keep == "highest") != (self.score is not None):
            raise ValueError("keep highest and a score belong together: give both or neither")
        return self

    def needs(self) -> tuple[str, ...]:
        """The cluster and the score, where rows are compared by them."""
        return (CLUSTER,) * (self.over == "cluster") + ((self.score,) if self.score else ())

    def decide(self) -> Decision:
        """Rank the rows of a group; the first stays, the others name it. A row in no cluster stays."""
        group = ", ".join(column(name) for name in OVER[self.over])
        order = ORDER[self.keep] if self.score is None else f"({number_of(self.score)}) DESC NULLS LAST, "
        window = f"(PARTITION BY {group} ORDER BY {order}pos)"
        rank = f"row_number() OVER {window}"
        if self.over == "cluster":
            rank = f"CASE WHEN {column(CLUSTER)} IS NULL THEN 1 ELSE {rank} END"
        what = WHAT.get(self.over) or f"same {self.over.replace('_', ' ')} as another row"
        other = f"first_value(id) OVER {window}"
        return Decision(rank, f"{rank} = 1", literal(what), "1", other, rivals=OVER[self.over])
