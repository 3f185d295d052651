"""Rows of the store frozen once for many runs: workers never open the store, so what they share is kept as files.

frozen/KEY/part-00000.parquet, known/labels.parquet, known/ANNOTATOR.parquet; KEY is a hash of rows and labels, so
the same rows are frozen at the same place and whatever was made from them is found again.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from curation.errors import UserError
from curation.operator import Operator
from curation.query.filters import Filter
from curation.sets.rebuild import describe_inputs
from curation.table import parts
from curation.trace import canonical_json, content_id
from curation.workspace import Workspace


class Frozen(NamedTuple):
    """The folder of frozen rows and how many there are."""

    folder: str
    rows: int


def freeze(work: Workspace, chosen: Filter, steps: Sequence[Operator]) -> Frozen:
    """Freeze the filtered traces with the scores the store knows of these steps."""
    rows = work.store.count(chosen).rows
    if not rows:
        raise UserError(f"No trace of the workspace {work.root} passes the filter {chosen.to_query()}; import some.")
    root = work.root / "frozen"
    root.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=root, prefix=".") as scratch:
        folder = Path(scratch) / "rows"
        folder.mkdir()
        work.stage(folder, steps, chosen)
        found = describe_inputs(parts(folder), folder / "known" / "labels.parquet")
        place = root / content_id(canonical_json(found.model_dump()))[:16]
        if place.exists():
            for path in (folder / "known").iterdir():  # a score known since then; readers see it whole or not at all
                path.replace(place / "known" / path.name)
        else:
            folder.rename(place)
    return Frozen(str(place), rows)


def freeze_at(root: Path, chosen: Filter, steps: Sequence[Operator]) -> Frozen:
    """Freeze rows of a workspace that no process has open."""
    work = Workspace(root)
    with closing(work.store):
        return freeze(work, chosen, steps)
