"""How fast the page follows a slider: python -m tests.bench.funnel_page [--rows N].

Starts the app on a workspace of measured traces, opens a recipe in headless Chromium, moves the upper limit of its
n_tokens step by key, and times each press until the funnel shows other numbers.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import yaml
from playwright.sync_api import Page, Playwright, sync_playwright

from curation.workspace import Workspace
from tests.bench.funnel import STEPS, fill
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, Server

PAGE_LIMIT = 700  # ms
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


def timed(playwright: Playwright, url: str) -> list[float]:
    """Open the recipe, its step's form, and press."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.set_default_timeout(30_000)
    steps = [{**step, "maximum": 200} if step.get("score") == "n_tokens" else step for step in STEPS]
    draft = yaml.safe_dump({"name": "bench", "steps": steps}, sort_keys=False)
    page.goto(f"{url}/recipes?draft={quote(draft)}")
    page.get_by_role("button", name=re.compile(r"\b7\. keep_where")).first.click()
    page.get_by_role("slider").last.wait_for()
    page.wait_for_function(READY)
    times = presses(page)
    browser.close()
    return times


def main(rows: int) -> int:
    """Print the figures; 1 when the median is over the limit."""
    with tempfile.TemporaryDirectory(prefix="winnow-bench-") as folder, sync_playwright() as playwright:
        work = Workspace(Path(folder) / "workspace")
        fill(work, rows)
        work.store.close()
        server = Server(work.root)
        server.start()
        try:
            times = timed(playwright, server.url)
        finally:
            server.stop()
    median = statistics.median(times)
    sys.stdout.write(
        f"{rows:,} traces, {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: key to funnel median "
        f"{median:.0f} ms, most {max(times):.0f} ms (asked {PAGE_LIMIT})\n"
    )
    return int(median > PAGE_LIMIT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    sys.exit(main(parser.parse_args().rows))
