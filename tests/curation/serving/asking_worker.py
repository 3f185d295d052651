"""A run that asks a model: asking_worker.py ROOT NAME OUT COUNT. Its answers are kept, and written, in OUT."""

import json
import sys
from pathlib import Path

from curation.asker import Asker
from curation.backends.answer_book import AnswerBook
from curation.backends.meter import Meter
from curation.benchmarks import items, locate
from curation.connection import Place, find
from curation.models import Request, ask
from curation.worker import ANSWERS


def main(root: Path, name: str, out: Path, count: int) -> None:
    """Ask for one solution of each of the first problems of the shipped benchmark."""
    problems = [item.problem for item in items(locate("word_problems"))[:count]]
    requests = [Request(ask(one.question), max_new_tokens=64, temperature=1.0, seed=3) for one in problems]
    asker = Asker(
        lambda name: find(name, root).open(name, Place(root)), AnswerBook(out / ANSWERS),
        Meter(out / "usage.jsonl"), "run",
    )  # fmt: skip
    found = asker.complete(name, requests, [one.id for one in problems])
    (out / "answers.json").write_text(json.dumps([one.text for one in found]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
