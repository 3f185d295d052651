"""What a student was trained on, held against a benchmark: the very problems, and questions that repeat most of one.

Every training set of the student and of the students it was trained from is looked through. A problem is trained on
when its id is among the run's problems; it overlaps when a training question holds half of its runs of 8 words. Runs
of 8 are PaLM's (Chowdhery et al. 2022, section 8), which takes 70 % of them. Measured on GSM8K's test questions with
one word put in anywhere: 70 % finds 89 %, half finds 99 %, and neither flags any of the 7,473 training questions.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.comparing.overlap import Index
from curation.curated import CuratedSet
from curation.runs import Run, replace_text
from curation.table import read_batches
from curation.trace import Problem
from training.student import Student

WORDS, SHARE = 8, 0.5
CHECKED = "checked"  # folder in a set: one file a benchmark


@dataclass(frozen=True, slots=True)
class Seen:
    """Ids of a benchmark's problems that a student was trained on or on near copies of; None where not known."""

    trained: frozenset[str] | None = None
    overlapping: frozenset[str] | None = None
    sets: tuple[str, ...] = ()

    def among(self, ids: Iterable[str]) -> "Seen":
        """The same of a part of the benchmark."""
        chosen = frozenset(ids)
        trained, near = (None if known is None else known & chosen for known in (self.trained, self.overlapping))
        return Seen(trained, near, self.sets)

    @property
    def ids(self) -> frozenset[str]:
        """All problems whose answers may be remembered."""
        return (self.trained or frozenset()) | (self.overlapping or frozenset())


def seen(student: Student, problems: Sequence[Problem]) -> Seen:
    """What the student has seen of a whole benchmark; all unknown when it was not trained here."""
    known = student.problems()
    if known is None:
        return Seen()
    trained = known & {problem.id for problem in problems}
    folders = list(training_sets(student))
    names = tuple(folder.name for folder in folders)
    if not all((folder / "manifest.json").is_file() for folder in folders):
        return Seen(trained, None, names)  # a set is gone: its questions cannot be read any more
    near = [overlapping(CuratedSet(folder), problems) for folder in folders]
    return Seen(trained, frozenset[str]().union(*near) - trained, names)


def report(table: pa.Table, whole: Seen, scores: Callable[[pa.Table], dict[str, Any]]) -> dict[str, Any]:
    """What an evaluation says of it: counts, ids, and the scores on the clean rest where anything was seen."""
    part = whole.among(table["problem_id"].to_pylist())
    clean = table.filter(pc.invert(pc.is_in(table["problem_id"], pa.array(sorted(part.ids), pa.string()))))
    return {
        "contaminated": None if part.trained is None else len(part.trained),
        "overlapping": None if part.overlapping is None else len(part.overlapping),
        "contaminated_ids": sorted(part.trained or ()),
        "overlapping_ids": sorted(part.overlapping or ()),
        "checked_sets": list(part.sets),
        "clean": scores(clean) if part.ids else None,
    }


def training_sets(student: Student) -> Iterator[Path]:
    """The folders of the sets a student was trained on, those of the students it was trained from too."""
    run = student.run
    while run is not None and (run / "run.json").is_file():
        inputs = Run(run).request.inputs
        if inputs.get("set"):
            yield Path(inputs["set"])
        run = Path(inputs["student_run"]) if inputs.get("student_run") else None


def overlapping(curated: CuratedSet, problems: Sequence[Problem]) -> frozenset[str]:
    """Ids of the problems that a question of the set holds most of; worked out once and kept beside the set."""
    path = curated.folder / CHECKED / f"{_key(curated, problems)}.json"
    if path.is_file():
        return frozenset(json.loads(path.read_text(encoding="utf-8"))["overlapping"])
    index = Index((problem.question for problem in problems), WORDS, "same")
    found = {place for question in _questions(curated) for place in index.holding(question, SHARE)}
    ids = sorted(problems[place].id for place in found)
    with suppress(OSError):  # a set that cannot be written to is looked through every time
        path.parent.mkdir(exist_ok=True)
        replace_text(path, json.dumps({"words": WORDS, "share": SHARE, "problems": len(problems), "overlapping": ids}))
    return frozenset(ids)


def _key(curated: CuratedSet, problems: Sequence[Problem]) -> str:
    """The same set, the same problems and the same limits give the same answer."""
    parts = [part.sha256 for part in curated.manifest.parts]
    values = [*parts, str(WORDS), str(SHARE), *(problem.id for problem in problems)]
    return hashlib.sha256(" ".join(values).encode()).hexdigest()[:16]


def _questions(curated: CuratedSet) -> set[str]:
    batches = read_batches(curated.paths, ["question"])
    return {question for batch in batches for question in batch.column("question").to_pylist()}
