"""Keys pressed faster than the page is drawn: each counts once, for the trace that was shown when it was pressed."""

import json

import pytest
from playwright.sync_api import Page, expect

from curation.application.sources import Stored
from curation.engine import apply
from curation.imports.run import import_files
from curation.operator import OPERATORS, Annotator
from curation.query.filters import Filter
from curation.workspace import Workspace
from tests.e2e.test_journey import open_page, settle

pytestmark = pytest.mark.e2e
COUNT, JUDGED = 54, 12  # traces, more than a page of the list; those of the queue that are judged
ANSWER = 60_000  # milliseconds, on a busy machine
RECORD = """
window.pressed = [];
window.addEventListener("keydown", (event) => {
  if (!event.repeat && "xp".includes(event.key)) {
    const places = [...document.querySelectorAll('[class*="w-shown-"]')];
    const fresh = places.filter((one) => !one.closest('[data-stale="true"]'));  // the others are of the drawing before
    const trace = (fresh.at(-1) ?? places.at(-1)).className.split("w-shown-")[1];
    window.pressed.push([trace.slice(0, 10), event.key]);
  }
}, true);
"""


@pytest.fixture(scope="module")
def ids(workspace) -> list[str]:
    """The first ten letters of each trace's id in the order of the list."""
    workspace.mkdir(parents=True)
    file = workspace.parent / "traces.jsonl"
    rows = [{"question": f"What is {n} and {n}?", "generation": f"\\boxed{{{2 * n}}}", "answer": f"{2 * n}"}
            for n in range(COUNT)]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, rows)))
    work = Workspace(workspace)
    import_files([file], workspace / "imported")
    work.store.take_import("20260101-000000-import-test", workspace / "imported")
    verify = OPERATORS.parse({"op": "verify_answer"})
    assert isinstance(verify, Annotator)
    with apply([verify], Stored(work.store, Filter()), workspace / "scratch"):
        work.store.take_annotation("", verify, sorted((workspace / "scratch" / verify.key()).glob("part-*.parquet")))
    found = [name[:10] for name in work.store.ids(Filter())]
    work.store.close()
    return found


def open_listening(page: Page, url: str) -> None:
    """Open a page and wait until it hears keys: what does so loads after what it is drawn with, and sets a colour."""
    open_page(page, url)
    page.wait_for_function("document.documentElement.style.getPropertyValue('--w-back')")


def shown(page: Page) -> str:
    return page.locator(".st-key-reader-question").last.inner_text().split("trace ")[-1].strip()[:10]


def said_of(server, name: str = "decision") -> dict[str, str]:
    """What the store holds of each trace once the app is gone."""
    server.stop()
    work = Workspace(server.workspace)
    rows = work.store.light(Filter()).to_pylist()
    work.store.close()
    server.start()
    return {row["id"][:10]: row[name] for row in rows if row[name] not in (None, "")}


def test_every_trace_of_a_list_is_decided_though_no_press_waits_for_the_page_to_rest(page, ids, server):
    open_listening(page, server.url)
    said = {}
    for number, trace in enumerate(ids):
        page.wait_for_function(
            "(trace) => [...document.querySelectorAll('.st-key-reader-question')].at(-1)?.innerText.includes(trace)",
            arg=f"trace {trace}",
        )
        said[trace] = "drop" if number % 3 else "keep"
        page.keyboard.press("x" if number % 3 else "p")
    expect(page.locator(".st-key-triage")).to_contain_text("the last one of the list", timeout=ANSWER)
    settle(page)
    assert said_of(server) == said


def test_presses_over_each_other_count_for_the_traces_that_were_shown(page, ids, server):
    open_listening(page, server.url)
    page.evaluate(RECORD)
    first = shown(page)
    for _ in range(20):
        for key in "xp":
            page.keyboard.down(key)
        for key in "xp":
            page.keyboard.up(key)
        page.wait_for_timeout(60)
    page.keyboard.press("u")
    expect(page.locator(".st-key-triage")).to_contain_text("Undone: keep", timeout=ANSWER)
    settle(page)
    pressed = page.evaluate("window.pressed")
    assert len(pressed) == 40
    assert pressed[0] == [first, "x"]
    last = {trace: {"x": "drop", "p": "keep"}[key] for trace, key in pressed}
    undone = pressed[-1][0]
    found = said_of(server)
    assert {trace: found[trace] for trace in last if trace != undone} == {t: v for t, v in last.items() if t != undone}


def test_steps_add_up_however_quickly_they_are_pressed(page, ids, server):
    open_listening(page, server.url)
    for _ in range(5):
        page.keyboard.press("j")
    expect(page.locator(".st-key-triage")).to_contain_text(f"6 of {COUNT}", timeout=ANSWER)
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.locator(".st-key-triage")).to_contain_text(f"4 of {COUNT}", timeout=ANSWER)
    settle(page)
    assert shown(page) == ids[3]


def test_each_trace_of_the_queue_is_judged_though_no_press_waits_for_the_page_to_rest(page, ids, server):
    open_listening(page, f"{server.url}/review")
    page.get_by_role("radio", name="agree", exact=True).click()
    said = {}
    for number, trace in enumerate(sorted(ids)[:JUDGED]):
        page.locator(f'[class*="w-shown-{trace}"]').wait_for()
        said[trace] = bool(number % 3)
        page.keyboard.press("y" if number % 3 else "f")
    page.locator(f'[class*="w-shown-{sorted(ids)[JUDGED]}"]').wait_for()
    settle(page)
    assert said_of(server, "human_correct") == said
