"""What the tests of a Ray cluster apply, to what, and everything it leaves."""

import os
import random
from pathlib import Path
from typing import Literal

from fakes import CountSame, CountWords, Shout

from curation.application.executors import Executor
from curation.application.memory import Progress, silent
from curation.application.sources import Parts
from curation.curated import Origin, write_set
from curation.engine import apply
from curation.operator import Annotation, Annotator, Operator, ScoreType
from curation.operators.cut import Cut
from curation.operators.drop_duplicates import DropDuplicates
from curation.operators.find_duplicates import FindDuplicates
from curation.operators.keep_where import KeepWhere
from curation.operators.segment import SegmentReasoning
from curation.table import to_table, write_part
from curation.trace import Problem, Trace

STEPS: list[Operator] = [
    SegmentReasoning(splitter="sentence"), CountWords(forbidden="unlucky"), KeepWhere(score="n_words", minimum=3),
    Cut(amount=0.5), CountWords(), CountSame(), Shout(), FindDuplicates(), DropDuplicates(),
]  # fmt: skip


class Seen(Annotator):
    """Leaves the number of its parent process in a folder: in a Ray worker, of its node."""

    op: Literal["seen"] = "seen"
    folder: str

    def adds(self) -> dict[str, ScoreType]:
        return {"n_seen": "number"}

    def annotate(self, trace: Trace) -> Annotation:
        (Path(self.folder) / str(os.getppid())).touch()
        return Annotation({"n_seen": 1})


def disconnect() -> None:
    """End this process's connection to its cluster."""
    import ray  # not before an executor did, which sets how Ray watches its connections

    ray.shutdown()


def double(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return 2 * number


def write_many(folder: Path, size: int) -> Parts:
    """Parts of 25 traces of about 4 KB, some alike, one in 40 with an unlucky word."""
    chance = random.Random(1)
    words = ["one", "two", "wait", "so", "therefore", "check", "maybe", "add", "carry", "the", "and", "it", "is"]
    traces = []
    for number in range(size):
        lines = [" ".join(chance.choices(words, k=chance.randint(3, 12))).capitalize() + "." for _ in range(100)]
        text = " ".join([*lines, "An unlucky one." if number % 40 == 7 else "Done."])
        text = traces[-1].reasoning if number % 10 == 9 else text
        traces.append(Trace(Problem(f"{number // 4}?", str(number)), text, str(number)))
    paths = [folder / f"part-{start // 25:05d}.parquet" for start in range(0, size, 25)]
    for number, path in enumerate(paths):
        write_part(to_table(traces[25 * number : 25 * number + 25]), path)
    return Parts(paths)


def outcome(steps: list[Operator], source: Parts, out: Path, executor: Executor, progress: Progress = silent) -> dict:
    """Everything an application leaves: the bytes of the set's rows and ledger, and what each step reports."""
    origin = Origin(name="set", recipe="r", recipe_yaml="", source={}, rebuild="")
    with apply(steps, source, out / "scratch", executor, progress=progress) as result:
        made = write_set(out / "set", result, origin)
        reports = [report.model_copy(update={"seconds": 0}) for report in result.reports]
    return {"reports": reports, **{path.name: path.read_bytes() for path in [*made.paths, made.ledger]}}
