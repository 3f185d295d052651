"""Which problems traces are written for: those of the current filter, a dataset's, or a benchmark's."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from curation.benchmarks import imported_in, locate, shipped, title
from curation.generating.launch import Asked
from curation.query.filters import Filter
from curation.trace import Problem
from curation.workspace import Workspace
from pages.ui.state import current_filter

FILTER, DATASET, BENCHMARK = "Filter", "Dataset", "Benchmark"


class Chosen(NamedTuple):
    """What was chosen, its problems, how many of the first are asked, and the dataset of the new traces."""

    asked: Asked
    problems: list[Problem]
    limit: int | None
    dataset: str

    @property
    def first(self) -> list[Problem]:
        """The problems that are asked."""
        return self.problems[: self.limit]


def choose(work: Workspace) -> Chosen | None:
    """Draw the choice; None while nothing is named."""
    place = st.segmented_control(
        "Problems of", [FILTER, DATASET, BENCHMARK], default=FILTER if len(_shown(work)) else DATASET, required=True,
        key="problems-of", width="stretch", help="Filter: those of the traces the pages show now",
    )  # fmt: skip
    asked = _asked(work, str(place))
    if asked is None:
        return None
    found = _problems(work, asked, _words(asked), work.store.version)
    left, right = st.columns(2)
    limit = left.number_input("Only the first problems", 1, value=None, key="problems-limit", placeholder="all")
    dataset = ""
    if not isinstance(asked, Path):
        dataset = right.text_input(
            "New dataset", key="problems-dataset", placeholder="each problem's own",
            help="Dataset of the new traces; a name of its own tells them from those that are there",
        )  # fmt: skip
    chosen = Chosen(asked, found, int(limit) if limit else None, dataset.strip())
    st.caption(said(chosen))
    return chosen


def _asked(work: Workspace, place: str) -> Asked | None:
    if place == FILTER:
        return current_filter()
    if place == DATASET:
        names = [row["dataset"] for row in work.store.datasets().to_pylist()]
        return st.selectbox("Problems in", names, key="problems-in", help="With or without traces")
    files = [*shipped(), *map(str, imported_in(work.root / "benchmarks"))]
    name = st.selectbox(
        "Benchmark", files, key="problems-benchmark", accept_new_options=True, placeholder="Name, or path of a file",
        format_func=lambda name: Path(name).stem.replace("_", " "),
    )  # fmt: skip
    return locate(name) if name else None


def said(chosen: Chosen) -> str:
    """How many problems are asked, and how many of them can be judged."""
    first = chosen.first
    answered = sum(problem.reference is not None for problem in first)
    known = "all" if answered == len(first) else f"{answered:,}" if answered else "none"
    words = f"{len(first):,} problems, {known} of them with a reference answer to judge by."
    if isinstance(chosen.asked, Path):
        words += f" The traces keep the name {title(chosen.asked)}, so that nobody trains on a benchmark unawares."
    return words


def _words(asked: Asked) -> str:
    return asked.to_query() if isinstance(asked, Filter) else f"{type(asked).__name__} {asked}"


@st.cache_resource(show_spinner="Reading the problems", max_entries=4)
def _problems(_work: Workspace, _asked: Asked, words: str, version: int) -> list[Problem]:
    return _work.problems_asked(_asked)


def _shown(work: Workspace) -> list[str]:
    return work.store.ids(Filter(), 1)
