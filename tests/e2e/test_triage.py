"""Reading and triage in a real browser: keys, notes, undo, hostile text, and a trace of 100,000 tokens."""

import json
import random

import pytest
from playwright.sync_api import Page, expect

from curation.workspace import Workspace, basics
from tests.e2e.test_journey import open_page, settle

pytestmark = pytest.mark.e2e
SENTENCES = (
    "First \\(a_{%d} = \\frac{%d}{7}\\) and $x = %d$.",
    "Wait, let me check %d + %d = %d again.",
    "So \\[\\sum_{i=1}^{%d} i = %d\\] holds for %d.",
    "Alternatively, count the %d boxes of %d apples and %d pears.",
)
HOSTILE = (
    "<script>window.HACKED = 1</script><img src=x onerror='window.HACKED = 2'>\n\n</details></div>"
    "<style>*{display:none}</style>\n\n[y](javascript:alert(1)) ![z](https://example.com/a.png)\n\n"
    "Unclosed $x and \\( and \\frac{1}{2"
)
TRACES = {
    "A long one?": None,
    "Markup <b>bold</b>?": HOSTILE,
    "One line?": "word " * 200_000,
    "Marks \u202eturned\u202c and zero\u200bwidth?": "\u202e right \u200f to \u200b left \u0627\u0644\u0633 3 + 2",
    "A plain one?": "Two and three are 5.",
}


def long_text() -> str:
    random_ = random.Random(0)
    parts = [random_.choice(SENTENCES) % tuple(random_.sample(range(1000), 3)) for _ in range(8_000)]
    return "\n\n".join(parts)


@pytest.fixture(scope="module")
def imported(workspace) -> None:
    """The traces, on their way into the workspace and measured; the store is left to the app."""
    rows = [
        {"question": question, "generation": f"<think>\n{text or long_text()}\n</think>\n\\boxed{{5}}", "answer": "5"}
        for question, text in TRACES.items()
    ]
    workspace.parent.mkdir(parents=True, exist_ok=True)
    file = workspace.parent / "traces.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    Workspace(workspace).import_run([file], measure=basics()).launch()


def key(page: Page, name: str, place: str = "") -> None:
    """Press a key and wait until the place in the list is shown."""
    page.keyboard.press(name)
    if place:
        expect(page.locator(".st-key-triage")).to_contain_text(place)
    settle(page)


def wait_until_measured(page: Page, url: str) -> None:
    for _ in range(60):
        open_page(page, url)
        if page.locator(".w-map i.w-check").count():
            return
        page.wait_for_timeout(2_000)
    raise AssertionError("the traces were not segmented")


def test_traces_are_read_and_decided_by_keyboard(page, imported, server, shot):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    wait_until_measured(page, server.url)
    read_the_long_one(page, shot)
    open_the_hostile_ones(page, shot)
    decide(page, server, shot)
    assert errors == []
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []


def read_the_long_one(page: Page, shot) -> None:
    """The map jumps to segments far down, and formulas are rendered there."""
    box = page.locator(".w-map.w-live").bounding_box()
    assert box
    x, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2
    at = page.evaluate("([x, y]) => document.elementFromPoint(x, y).dataset.go", [x, y])
    page.mouse.click(x, y)
    page.wait_for_timeout(4_000)
    settle(page)
    expect(page.locator(f".w-chunk:not(.w-light) [data-at='{at}']")).to_be_in_viewport(timeout=20_000)
    expect(page.locator(".st-key-triage")).to_be_in_viewport()
    shot("9-long-trace")


def open_the_hostile_ones(page: Page, shot) -> None:
    """Nothing in a text is run, loaded or breaks out of its place."""
    for number, question in enumerate(list(TRACES)[1:], 2):
        key(page, "j", f"{number} of 5")
        expect(page.locator(".st-key-reader-question")).to_be_in_viewport()
        shot(f"9-hostile-{number}")
        assert page.evaluate("window.HACKED") is None
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert question[:3] in page.locator(".st-key-reader-question").inner_text()
    for number in range(4, 0, -1):
        key(page, "k", f"{number} of 5")


def decide(page: Page, server, shot) -> None:
    """Keys in a box write letters; decisions and notes outlive the app and are undone after its restart."""
    key(page, "x", "2 of 5")
    key(page, "p", "3 of 5")
    key(page, "n")
    expect(page.get_by_label("Note", exact=True)).to_be_focused()
    page.keyboard.type("x j p: one very long line")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".w-note-text")).to_have_text("x j p: one very long line")
    settle(page)
    page.keyboard.press("/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("undo my last decision or note")
    page.keyboard.press("Escape")
    shot("9-triage")
    server.stop()
    server.start()
    open_page(page, server.url)
    expect(page.locator(".st-key-reader-head")).to_contain_text("Drop")
    for left in ("Undone: note", "Undone: keep", "Undone: drop"):
        page.keyboard.press("u")
        expect(page.locator(".st-key-triage")).to_contain_text(left)
        settle(page)
    open_page(page, f"{server.url}/history")
    expect(page.get_by_text("6 changes, newest first")).to_be_visible()
    shot("9-history")
