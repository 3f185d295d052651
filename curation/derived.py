"""Sets made from sets: a parent's rows with their scores, and the recipes that repair what a student would see."""

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa

from curation.batches import ARROW, annotation_schema
from curation.curated import CuratedSet
from curation.errors import UserError
from curation.operator import LABELS, OPERATORS, Annotator, Operator
from curation.operators.fit_student import FitStudent
from curation.operators.keep_where import KeepWhere
from curation.operators.mend_text import MendText
from curation.recipe import Recipe, check
from curation.rendering import MARKS
from curation.sources import Parts
from curation.table import LIGHT, read_batches

Repair = Literal["drop", "mend"]
MENDED = ("doubled_think", "orphan_think", "prompt_space")  # what mend_text can take out


class SetSource(Parts):
    """The traces of a curated set, in order, with the scores they carry."""

    def __init__(self, curated: CuratedSet) -> None:
        """Nothing is read yet."""
        super().__init__(curated.paths)
        self.curated = curated

    def rows(self) -> pa.Table:
        """The LIGHT columns, the set's scores and empty labels of every trace, in order."""
        schema = self.curated.schema()
        names = [*LIGHT, *(name for name in self.curated.manifest.scores if name in schema.names)]
        fields = pa.schema([schema.field(name) for name in names])
        tables = [pa.Table.from_batches([batch]).cast(fields) for batch in read_batches(self.paths, names)]
        table = pa.concat_tables([fields.empty_table(), *tables])
        for name, kind in LABELS.items():
            if name not in names:
                table = table.append_column(name, pa.nulls(table.num_rows, ARROW[kind]))
        return table

    def known(self, step: Annotator) -> pa.Table | None:
        """The set's own scores where this very annotator gave them."""
        if step.dump() not in self.curated.manifest.measured:
            return None
        schema = annotation_schema(step)
        names = [name for name in schema.names if name != "failure"]
        tables = [pa.Table.from_batches([batch]) for batch in read_batches(self.paths, names)]
        table = pa.concat_tables([self.curated.schema().empty_table().select(names), *tables])
        return table.append_column("failure", pa.nulls(table.num_rows, pa.string())).cast(schema)


def repair(curated: CuratedSet, tokenizer: str, limit: int, defects: Sequence[str], how: Repair) -> Recipe:
    """The recipe that drops a set's rows with these defects, or mends them and measures the changed ones again."""
    measure, listed = FitStudent(tokenizer=tokenizer), ", ".join(name.replace("_", " ") for name in defects)
    if how == "mend":
        steps: list[Operator] = [MendText(), *measured_again(curated), measure]
        described = f"The traces of {curated.name}, mended: {listed}."
    else:
        steps = [measure, *(step for defect in defects for step in without(defect, limit))]
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
