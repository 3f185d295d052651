"""How fast the page opens and follows a slider in headless Chromium, and what memory the server holds meanwhile."""

import re
import statistics
import time
from collections.abc import Iterator
from urllib.parse import quote

import psutil
import yaml
from playwright.sync_api import Page, sync_playwright

from tests.bench.bench import Bench
from tests.bench.clock import held
from tests.bench.figures import Figure
from tests.bench.funnel import STEPS
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, Server

FIRST, RERUN, MEMORY = "figure <= 3000", "figure <= 500", "figure <= 3"  # ms, ms, GiB
PRESSES = 12
READY = "document.querySelector('[data-testid=\"stApp\"]')?.getAttribute('data-test-script-state') === 'notRunning'"
CHANGED = "was => document.querySelector('.w-funnel')?.innerText !== was"


def presses(page: Page) -> list[float]:
    """Milliseconds from a key on the slider to other numbers in the funnel."""
    thumb, times = page.get_by_role("slider").last, []
    for _ in range(PRESSES):
        shown = page.locator(".w-funnel").first.inner_text()
        thumb.focus()
        began = time.perf_counter()
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(CHANGED, arg=shown, polling=10)
        times.append(1000 * (time.perf_counter() - began))
        page.wait_for_function(READY)
    return times


def open_recipe(page: Page, url: str) -> None:
    """Open the recipe and the form of its step."""
    steps = [{**step, "maximum": 3000} if step.get("score") == "n_tokens" else step for step in STEPS]
    draft = yaml.safe_dump({"name": "bench", "steps": steps}, sort_keys=False)
    page.goto(f"{url}/recipes?draft={quote(draft)}")
    page.get_by_role("button", name=re.compile(r"\b7\. keep_where")).first.click()
    page.get_by_role("slider").last.wait_for()
    page.wait_for_function(READY)


def painted(page: Page, url: str) -> float:
    """Milliseconds until a page stands complete."""
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_selector('[data-testid="stMainBlockContainer"]')
    page.wait_for_function(READY, polling=10)
    return 1000 * (time.perf_counter() - began)


def figures(bench: Bench) -> Iterator[Figure]:
    """First paint of a server nobody has asked yet, then of the explore page, then each press of a slider."""
    bench.measured().store.close()
    server = Server(bench.root)
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.set_default_timeout(60_000)
            yield Figure("page: first paint of the list", painted(page, server.url), "ms", bench.rows, asked=FIRST)
            yield Figure("page: first paint of explore", painted(page, f"{server.url}/explore"), "ms", bench.rows)
            open_recipe(page, server.url)
            median = statistics.median(presses(page))
            yield Figure("page: slider key to new funnel", median, "ms", bench.rows, asked=RERUN)
            memory = held(psutil.Process(server.process.pid))
            yield Figure("page: memory of the server", memory, "GiB", bench.rows, asked=MEMORY)
            browser.close()
    finally:
        server.stop()
