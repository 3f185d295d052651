"""A tiny workspace as a researcher would have it: two problems, four traces, scores and one curated set."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from curation.application.sources import Stored
from curation.engine import apply
from curation.imports.run import import_files
from curation.job import Job
from curation.operator import OPERATORS, Annotator, QueryAnnotator
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import PROJECT, Request, Run, Status, create
from curation.tasks import apply_task
from curation.workspace import Workspace

ROWS = [
    {
        "question": "Ana has 2 beads and finds 3. How many?",
        "generation": "<think>\nAna has 2.\n\nSo \\(2 + 3 = 5\\).\n\nLet me check this. 5 - 3 = 2.\n</think>\n"
        "The answer is \\boxed{5}.",
        "answer": "5",
        "model": "long-teacher",
        "subject": "sums",
    },
    {
        "question": "Ana has 2 beads and finds 3. How many?",
        "generation": "<think>\n2 + 3 = 6.\n</think>\nThe answer is \\boxed{6}.",
        "answer": "5",
        "model": "short-teacher",
        "subject": "sums",
    },
    {
        "question": "Ben has 9 nuts and <b>eats</b> 4. It costs $5 and $7. How many?",
        "generation": "<think>\n<script>alert(1)</script> 9 - 4 = 5.\n\nWait, 5 is right.\n</think>\n"
        "The answer is \\boxed{5}.",
        "answer": "5",
        "model": "long-teacher",
        "subject": "differences",
    },
    {
        "question": "Ben has 9 nuts and <b>eats</b> 4. It costs $5 and $7. How many?",
        "generation": "<think>\n9 - 4 = 5.\n</think>\nThe answer is \\boxed{5}.",
        "answer": "5",
        "model": "short-teacher",
        "subject": "differences",
    },
    {"question": "", "generation": "nothing was asked", "answer": "1"},
]
RECIPE = """
name: right-ones
steps:
- {op: count_tokens}
- {op: verify_answer}
- {op: keep_where, score: correct, equals: true}
- {op: segment}
- {op: drop_segments, kinds: [check]}
"""


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page under test takes the place of the main module; processes started later would run it again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a workspace that is still empty, named to the app."""
    monkeypatch.setenv("WINNOW_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.chdir(PROJECT)
    return tmp_path / "workspace"


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Iterator[Workspace]:
    """The workspace with traces, quarantine, scores and segments."""
    work = Workspace(root)
    path = tmp_path / "traces.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS))
    import_files([path], tmp_path / "imported")
    work.store.take_import("20260101-000000-import-test", tmp_path / "imported")
    measure(work, tmp_path / "scratch", "count_tokens", "segment", "verify_answer", "difficulty")
    yield work
    work.store.close()


def measure(work: Workspace, scratch: Path, *names: str) -> None:
    """Take scores into the store, as a finished annotate run does."""
    steps = [OPERATORS.parse({"op": name}) for name in names]
    with apply(steps, Stored(work.store, Filter()), scratch):
        for step in steps:
            assert isinstance(step, Annotator)
            parts = [] if isinstance(step, QueryAnnotator) else sorted((scratch / step.key()).glob("part-*.parquet"))
            work.store.take_annotation("", step, parts)


@pytest.fixture
def frozen(workspace: Workspace) -> Run:
    """A curated set named `right`, frozen in this process."""
    run = workspace.apply_run(Recipe.read(RECIPE), "right", chosen=Filter())
    job = Job(run)
    job.status("running")
    apply_task(job)
    job.status("done")
    return run


@pytest.fixture
def finished(workspace: Workspace) -> Callable[..., Run]:
    """Makes a run folder in a state, with text files in out/ (`scores__json="{}"` writes scores.json)."""

    def make(kind: str, title: str, state: str = "done", **files: str) -> Run:
        run = create(workspace.runs_root, Request(kind=kind, worker="training.worker", title=title))
        status = Status(state=state, started=1.0, ended=3.0, error="It broke." if state == "failed" else None)
        (run.folder / "status.json").write_text(status.model_dump_json())
        for file, text in files.items():
            (run.out / file.replace("__", ".")).write_text(text)
        return run

    return make


@pytest.fixture
def page(root: Path) -> Callable[..., AppTest]:
    """Opens the app at a page, with query parameters, and runs it once."""

    def opened(name: str = "traces", **query: str) -> AppTest:
        at = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=90)
        for key, value in {**query, "open": name}.items():
            at.query_params[key] = value
        return at.run()

    return opened


@pytest.fixture
def words() -> Callable[[AppTest], str]:
    """All text drawn on a page."""

    def drawn(at: AppTest) -> str:
        shown = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.error, *at.warning, *at.metric]
        return os.linesep.join(str(item.value) for item in shown)

    return drawn
