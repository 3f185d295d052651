"""The recipe in datatrove with a repetition filter of our own: FOLDER OUT WORKERS."""

from cues import REPEATED, RUN
from datatrove.data import Document
from datatrove.pipeline.filters import LambdaFilter
from recipe_datatrove import run


def varied(document: Document) -> bool:
    """Whether few enough runs of words come again."""
    words = document.text.split()
    runs = list(zip(*(words[shift:] for shift in range(RUN)), strict=False))
    return len(set(runs)) >= (1 - REPEATED) * len(runs)


if __name__ == "__main__":
    run(LambdaFilter(varied))
