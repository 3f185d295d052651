"""The recipe in datatrove: FOLDER OUT WORKERS."""

import re
import sys

from cues import LOOKS_BACK, MOST_CHECKS, PRUNED, REPEATED, RUN, WORDS
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters import GopherRepetitionFilter, LambdaFilter
from datatrove.pipeline.formatters.base import BaseFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

BACK, OUT = re.compile(LOOKS_BACK), re.compile(PRUNED, re.DOTALL)


def fits(document: Document) -> bool:
    """Whether the text has as many words as asked."""
    return WORDS[0] <= len(document.text.split()) <= WORDS[1]


def seldom(document: Document) -> bool:
    """Whether the text looks back seldom enough."""
    return len(BACK.findall(document.text)) <= MOST_CHECKS


class Pruned(BaseFormatter):
    """Drops the paragraphs that look back or sideways."""

    name = "pruned"

    def format(self, text: str) -> str:
        """The text without them."""
        return OUT.sub("", text)


def run(repetition: PipelineStep) -> None:
    """The recipe with a filter of repetition."""
    folder, out, workers = sys.argv[1:]
    steps = [
        JsonlReader(folder, text_key="reasoning"),
        LambdaFilter(fits),
        repetition,
        LambdaFilter(seldom),
        Pruned(),
        JsonlWriter(f"{out}/kept", compression=None),
    ]
    LocalPipelineExecutor(steps, tasks=int(workers), workers=int(workers), logging_dir=f"{out}/logs").run()


if __name__ == "__main__":
    run(
        GopherRepetitionFilter(
            dup_line_frac=None, dup_para_frac=None, dup_line_char_frac=None, dup_para_char_frac=None, top_n_grams=(),
            dup_n_grams=((RUN, REPEATED),),
        )
    )  # fmt: skip
