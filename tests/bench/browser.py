"""How long a person waits, in a real browser.

Starts the app on a workspace of measured traces and times, in headless Chromium, the first paint (from the start of
the server, and from a warm one), a page of the list, opening a trace, a brush, and a slider of a recipe until the
funnel shows other numbers; and how much memory the server took for all of it.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import yaml
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.funnel import STEPS
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, Server

TIMES = 10  # each act is repeated
READY = "document.querySelector('[data-testid=\"stApp\"]')?.getAttribute('data-test-script-state') === 'notRunning'"
CHANGED = "was => document.querySelector('.w-funnel')?.innerText !== was"
CLEAR = ".st-key-explore-clear button"  # the box of charts has a button of that name too
ANSWER = 120_000  # milliseconds
GIB = 2**30


class Waited(NamedTuple):
    """A measure: its middle and most, the most it may be, and the unit."""

    name: str
    median: float
    most: float
    limit: float | None
    unit: str = "ms"


def milliseconds(page: Page, act: Callable[[], object]) -> float:
    """From an act to a page at rest; the act itself waits for what it brings about."""
    began = time.perf_counter()
    act()
    page.wait_for_function(READY, polling=10)
    return 1000 * (time.perf_counter() - began)


def figure(name: str, times: list[float], limit: float | None) -> Waited:
    """The middle and the longest of several times."""
    return Waited(name, statistics.median(times), max(times), limit)


@contextmanager
def opened(playwright: Playwright) -> Iterator[Page]:
    """A page of a new browser."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(ANSWER)
    yield page
    browser.close()


def paint(page: Page, url: str) -> None:
    """Open the list of traces and wait for the trace beside it."""
    page.goto(url)
    page.locator(".st-key-reader-question").wait_for()


def first_paints(playwright: Playwright, server: Server) -> list[Waited]:
    """The list of traces, as its first visitor sees it, and the next ones."""
    with opened(playwright) as page:
        began = time.perf_counter()
        server.start()
        up = 1000 * (time.perf_counter() - began)
        first = milliseconds(page, lambda: paint(page, server.url))
    warm = []
    for _ in range(3):
        with opened(playwright) as page:
            warm.append(milliseconds(page, lambda page=page: paint(page, server.url)))
    started = [figure("first paint, from the start of the server", [up + first], None)]
    return [*started, figure("first paint, server warm", warm, 3000)]


def reading(page: Page, url: str) -> list[Waited]:
    """Turn pages of the list, open traces, switch to raw text and back."""
    paint(page, url)
    page.wait_for_function(READY)
    turns, steps, raws = [], [], []
    for _ in range(TIMES):
        was = page.url
        turns.append(milliseconds(page, lambda was=was: turn(page, was)))
    for _ in range(TIMES):
        steps.append(milliseconds(page, lambda: next_trace(page)))
    for shown in ("Show rendered text", "Show raw text") * (TIMES // 2):
        raws.append(milliseconds(page, lambda shown=shown: switch(page, shown)))
    return [
        figure("a page of 50 traces", turns, 500), figure("opening the next trace", steps, 500),
        figure("a rerun that changes nothing of the list", raws, 500),
    ]  # fmt: skip


def turn(page: Page, was: str) -> None:
    """The next page of the list."""
    page.get_by_label("Next page").click()
    page.wait_for_url(lambda url: url != was)


def next_trace(page: Page) -> None:
    """The next trace by key."""
    place = page.locator(".st-key-triage")
    was = place.inner_text()
    page.keyboard.press("j")
    expect(place).not_to_have_text(was, timeout=ANSWER)


def switch(page: Page, shown: str) -> None:
    """Raw text and back by key."""
    page.keyboard.press("t")
    page.get_by_role("button", name=shown).wait_for()


def exploring(page: Page, url: str) -> list[Waited]:
    """All charts, and a brush over the first, lifted again."""

    def visit() -> None:
        page.goto(f"{url}/explore")
        page.locator(".js-plotly-plot .nsewdrag").first.wait_for()

    visits, brushes = [milliseconds(page, visit) for _ in range(2)], []
    for number in range(TIMES // 2):
        draw(page, 0.1 + 0.05 * number)
        brushes.append(milliseconds(page, lambda: release(page)))
        page.locator(CLEAR).click()
        page.wait_for_url(lambda address: "filter=" not in address)
        page.wait_for_function(READY)
    return [figure("all charts of the explore page", visits, None), figure("a brush, all charts again", brushes, None)]


def draw(page: Page, start: float) -> None:
    """Draw a range over a histogram, without letting go."""
    chart = page.locator(".js-plotly-plot .nsewdrag").first
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    assert place is not None
    y = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] * start, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(place["x"] + place["width"] * (start + 0.04 * step), y)
        page.wait_for_timeout(30)


def release(page: Page) -> None:
    """Let go, and wait for the filter."""
    page.mouse.up()
    page.locator(CLEAR).wait_for()


def tuning(page: Page, url: str) -> list[Waited]:
    """Open a recipe and its step's form, and move the slider by key until the funnel shows other numbers."""
    steps = [{**step, "maximum": 3000} if step.get("score") == "n_tokens" else step for step in STEPS]
    draft = yaml.safe_dump({"name": "bench", "steps": steps}, sort_keys=False)

    def visit() -> None:
        page.goto(f"{url}/recipes?draft={quote(draft)}")
        page.locator(".w-funnel").first.wait_for()

    visited = milliseconds(page, visit)
    page.get_by_role("button", name=re.compile(r"\b7\. keep_where")).first.click()
    page.get_by_role("slider").last.wait_for()
    page.wait_for_function(READY)
    times = [milliseconds(page, lambda: press(page)) for _ in range(TIMES)]
    return [
        figure("a recipe and its funnel", [visited], None),
        figure("a slider of the recipe, to funnel", times, 500),
    ]


def press(page: Page) -> None:
    """One step of the slider, until the funnel shows other numbers."""
    shown = page.locator(".w-funnel").first.inner_text()
    page.get_by_role("slider").last.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(CHANGED, arg=shown, polling=10)


def waits(workspace: Path) -> Iterator[Waited]:
    """Everything that is measured on a workspace, as it is found."""
    server = Server(workspace)
    with sync_playwright() as playwright:
        try:
            yield from first_paints(playwright, server)
            with opened(playwright) as page:
                for part in (reading, exploring, tuning):
                    yield from part(page, server.url)
            memory = server.most_memory() / GIB
            yield Waited("memory of the server", memory, memory, 3, "GiB")
        finally:
            server.stop()


def figures(bench: Bench) -> Iterator[Figure]:
    """The middle of each measure, on a workspace of measured traces."""
    bench.measured().store.close()
    for one in waits(bench.root):
        asked = "" if one.limit is None else f"figure <= {one.limit:g}"
        yield Figure(f"page: {one.name}", one.median, one.unit, bench.rows, asked=asked)
