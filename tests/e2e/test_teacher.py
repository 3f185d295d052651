"""A teacher shortens traces: its prompt is edited, tried on three rows, run over all, and the results are read."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from curation.connection import write
from curation.connections.server import ServerConnection
from curation.runs import all_runs
from pages.ui.reading.provenance import money
from tests.e2e.test_journey import fill, open_page, settle, wait_done
from tests.faults import FaultServer, question

pytestmark = pytest.mark.e2e
ROWS = 6
RECIPE = """
name: short
steps:
- {op: rewrite, model: teacher, target: free, retries: 0, max_new_tokens: 200}
"""
BRIEF = "Say it in one line: {question}\n\n{reasoning}"


def shorter(body) -> str:
    """A rewrite that keeps the answer, which is the number asked for plus one."""
    found = re.search(r"What is (\d+) \+ 1\?", question(body))
    assert found
    answer = int(found[1]) + 1
    return f"<thought>\n{found[1]} + 1 = {answer}.\n</thought>\n<solution>\nAnswer: {answer}\n</solution>"


@pytest.fixture
def teacher(workspace):
    with FaultServer(answer=shorter) as running:
        workspace.mkdir(parents=True, exist_ok=True)
        prices = {"prompt_price": 1.0, "generated_price": 4.0}
        write(workspace, {"teacher": ServerConnection(url=running.url, model="teacher", **prices)})
        yield running


def test_a_teacher_shortens_traces_from_prompt_to_reader(page, server, workspace, teacher, shot):
    import_traces(page, server.url, workspace)
    edit_the_prompt(page, server.url, shot)
    try_it(page, shot)
    assert len(teacher.asked) == 3
    freeze(page, server.url, shot)
    assert len(teacher.asked) == ROWS  # the three tried rows were kept
    assert all(question(body).startswith("Say it in one line: What is") for body in teacher.asked)
    read(page, server.url, workspace, shot)
    kinds = [(run.request.kind, run.status().state) for run in reversed(all_runs(workspace / "runs"))]
    assert kinds == [("import", "done"), ("try", "done"), ("apply", "done"), ("import", "done")]


def import_traces(page: Page, url: str, workspace: Path) -> None:
    path = workspace.parent / "long.jsonl"
    rows = [
        {
            "question": f"What is {number} + 1?",
            "generation": f"<think>I take {number}.\n\nThen one more. Let me see.\n\nIt is {number + 1}.</think>"
            f"The answer is {number + 1}.",
            "answer": str(number + 1),
        }
        for number in range(ROWS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    start_import(page, url, workspace, path)


def start_import(page: Page, url: str, workspace: Path, path: Path) -> None:
    runs = len(all_runs(workspace / "runs"))
    open_page(page, f"{url}/import?path={quote(str(path))}")
    page.get_by_role("button", name="Start import").click()
    wait_done(page, workspace, runs + 1)
    expect(page.get_by_text(f"{ROWS} rows = {ROWS} imported").first).to_be_visible(timeout=120_000)
    settle(page)


def edit_the_prompt(page: Page, url: str, shot) -> None:
    open_page(page, f"{url}/recipes?draft={quote(RECIPE)}")
    page.get_by_role("button", name="Open this step to try it").click()
    settle(page)
    expect(page.get_by_text("unchanged from free").first).to_be_visible()
    box = page.get_by_label("Prompt text")
    box.fill(BRIEF)
    box.press("Control+Enter")
    settle(page)
    expect(page.get_by_text("changed from free (").first).to_be_visible()
    page.get_by_text("What the model reads for one trace").click()
    expect(page.get_by_text("Say it in one line: What is 0 + 1?").first).to_be_visible()
    shot("teacher-1-prompt")


def try_it(page: Page, shot) -> None:
    expect(page.get_by_text(f"If each of {ROWS} rows is asked about once").first).to_be_visible()
    page.get_by_role("button", name="Try on 3 rows").click()
    expect(page.get_by_text(f"Estimate for {ROWS} rows, from the 3 tried").first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("3 rewritten: 3 calls").first).to_be_visible()
    settle(page)
    page.get_by_text("Removed and added").click()
    expect(page.get_by_text("Reasoning, removed").first).to_be_visible()
    settle(page)
    page.get_by_text("Add a step").first.scroll_into_view_if_needed()
    shot("teacher-2-tried")


def freeze(page: Page, url: str, shot) -> None:
    fill(page, "Name of the curated set", "short")
    page.get_by_role("button", name="Freeze curated set").click()
    expect(page.get_by_role("link", name="Open the curated sets")).to_be_visible(timeout=120_000)
    open_page(page, f"{url}/sets?set=short&view=Traces")
    expect(page.get_by_text("Written by teacher (rewrite)").first).to_be_visible()
    shot("teacher-3-set")


def read(page: Page, url: str, workspace: Path, shot) -> None:
    """The set's traces, imported beside the long ones, in the reader."""
    (part,) = sorted((workspace / "sets" / "short").glob("part-*.parquet"))
    start_import(page, url, workspace, part)
    first = pq.read_table(part).to_pylist()[0]
    open_page(page, f"{url}/?trace={first['id']}")
    cost = json.loads(first["extra"])["rewrite"]["cost"]
    written = page.get_by_text(re.compile(r"Written by teacher \(rewrite\)")).first
    expect(written).to_contain_text(money(cost))
    written.click()
    expect(page.get_by_text("prompt version").first).to_be_visible()
    expect(page.get_by_text("0 + 1 = 1.").first).to_be_visible()
    shot("teacher-4-reader")
