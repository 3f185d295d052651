"""Keep one part of a split into training, validation and test data, whole problems or other groups together."""

from typing import Literal, Self

from pydantic import Field, model_validator

from curation.comparing.grouping import group_of, needed, shuffled
from curation.operator import Decision, Selector, literal
from curation.params import Fraction, GroupName, Seed

ALL = "340282366920938463463374607431768211456"  # 2 to the 128th: MD5 has so many values


class SplitGroups(Selector):
    """Keep the training, validation or test part of the rows; no problem or other group is in two parts.

    A group's part is a hash of its name and the seed, so traces added later move nothing. Rows without a group go
    by their problem.
    """

    op: Literal["split_groups"] = "split_groups"
    part: Literal["train", "validation", "test"] = Field("train", description="Part kept")
    test: Fraction = Field(0.1, description="Share of the groups that is test data")  # ours
    validation: Fraction = Field(0.0, description="Share of the groups that is validation data")
    group: GroupName = Field("problem", description="Rows that stay together")
    seed: Seed = Field(0, description="Another seed splits otherwise")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.test + self.validation > 1:
            raise ValueError(f"test {self.test:g} and validation {self.validation:g} are more than all rows together")
        return self

    def needs(self) -> tuple[str, ...]:
        """The group."""
        return needed(self.group)

    def decide(self) -> Decision:
        """Compare each group's place between 0 and 1 with the ends of the parts: test, validation, train."""
        name = f"coalesce(CAST({group_of(self.group)} AS VARCHAR), problem_id)"
        place = f"(CAST({shuffled(name, self.seed)} AS DOUBLE) / {ALL}::DOUBLE)"
        ends = {"test": self.test, "validation": self.test + self.validation, "train": 1.0}
        cases = " ".join(f"WHEN {place} < {end!r} THEN {literal(part)}" for part, end in ends.items())
        part = f"CASE {cases} ELSE 'train' END"
        # the end of the kept part that is nearer to a row's place; train begins where validation ends
        low = {"test": 0.0, "validation": self.test, "train": ends["validation"]}[self.part]
        threshold = f"CASE WHEN {place} < {low!r} THEN {low!r} ELSE {ends[self.part]!r} END"
        return Decision(place, f"{part} = {literal(self.part)}", f"{literal('belongs to ')} || {part}", threshold)
