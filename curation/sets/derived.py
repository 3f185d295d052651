"""Sets made from sets: a parent's rows with their scores, and the recipes that repair what a student would see."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from curation.application.batches import attached_schema, score_schema
from curation.application.sources import Parts
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.operator import OPERATORS, Annotator, Operator
from curation.operators.fit_student import FitStudent
from curation.operators.keep_where import KeepWhere
from curation.operators.mend_text import MendText
from curation.recipe import Recipe, check
from curation.rendering import MARKS
from curation.table import LIGHT, read_batches

Repair = Literal["drop", "mend"]
MENDED = ("doubled_think", "orphan_think", "prompt_space")  # what mend_text can take out


class SetSource(Parts):
    """The traces of a curated set, in order, with the scores they carry."""

    def __init__(self, curated: CuratedSet, steps: Sequence[Operator] = (), annotations: Path | None = None) -> None:
        """`steps` will be applied to it: what they add is left to them, from the set where it was measured so.

        `annotations` is a folder of further results, as in Parts.
        """
        super().__init__(curated.paths, annotations)
        self.curated = curated
        self.replaced = {name for step in steps if isinstance(step, Annotator) for name in step.adds()}

    def rows(self) -> pa.Table:
        """The LIGHT columns, the set's scores and empty labels of every trace, in order."""
        known = self.curated.schema().names
        scores = [name for name in self.curated.manifest.scores if name in known and name not in self.replaced]
        return self._labelled(self._columns([*LIGHT, *scores]))

    def known(self, step: Annotator) -> pa.Table:
        """The set's own scores where this very annotator gave them."""
        schema = score_schema(step)
        if self._path(step) or not self._measured(step):
            return super().known(step)
        table = self._columns(["id", *step.adds()])
        return table.append_column("failure", pa.nulls(table.num_rows, pa.string())).cast(schema)

    def attached(self, step: Annotator, name: str, ids: set[str]) -> pa.Table:
        """The set's segments where this very annotator gave them; vectors are not kept in sets."""
        if name != "segments" or not self._measured(step):
            return attached_schema(name).empty_table()
        table = self._columns(["id", name])
        return table.filter(pc.is_in(table.column("id"), pa.array(sorted(ids), pa.string())))

    def _measured(self, step: Annotator) -> bool:
        return step.dump() in self.curated.manifest.measured

    def _columns(self, names: list[str]) -> pa.Table:
        schema = pa.schema([self.curated.schema().field(name) for name in names])
        tables = [pa.Table.from_batches([batch]).select(names) for batch in read_batches(self.paths, names)]
        return pa.concat_tables([schema.empty_table(), *(table.cast(schema) for table in tables)])


def repair(curated: CuratedSet, tokenizer: str, limit: int, defects: Sequence[str], how: Repair) -> Recipe:
    """The recipe that drops a set's rows with these defects, or mends them and measures the changed ones again."""
    measure, listed = FitStudent(tokenizer=tokenizer), ", ".join(name.replace("_", " ") for name in defects)
    if how == "mend":
        steps: list[Operator] = [MendText(), *measured_again(curated), measure]
        described = f"The traces of {curated.name}, mended: {listed}."
    else:
        selectors = [step for defect in defects for step in without(defect, limit)]
        steps = [*measured_again(curated), measure, *selectors]
        described = f"The traces of {curated.name} without rows with {listed} in {limit:,} tokens of the student."
    return Recipe(name=f"{curated.name}-{how}", description=described, steps=tuple(steps))


def without(defect: str, limit: int) -> list[KeepWhere]:
    """Selectors that keep the rows without this defect."""
    if defect == "answer_cut":
        return [KeepWhere(score="student_tokens", maximum=limit)]
    if defect == "no_trained_token":
        return [KeepWhere(score="trained_tokens", minimum=1), KeepWhere(score="prompt_tokens", maximum=limit - 1)]
    if defect not in MARKS:
        raise UserError(f"Unknown defect '{defect}'; known: no_trained_token, answer_cut, {', '.join(MARKS)}.")
    return [KeepWhere(score=defect, equals=False)]


def measured_again(curated: CuratedSet) -> list[Annotator]:
    """The annotators whose scores the set carries, as far as they can be asked again one trace at a time."""
    steps: list[Annotator] = []
    for values in curated.manifest.measured:
        step = OPERATORS.parse(values)
        if isinstance(step, Annotator) and not isinstance(step, FitStudent) and _fits([*steps, step]):
            steps.append(step)
    return steps


def _fits(steps: Sequence[Operator]) -> bool:
    try:
        check(steps)
    except UserError:
        return False
    return True
