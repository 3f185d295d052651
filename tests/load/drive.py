"""Drives the sessions: one browser with a context for each, acts by a seeded random choice, and pauses to think.

The browsers work on the server's own cores, so they are asked to reduce motion: 0.07 s less of the 1.2 s that opening
the list costs a browser. Its scripts take the rest, whatever is said of drawing: no process or rasteriser for a GPU,
no smooth scrolling, one renderer for all, and a smaller page made no difference.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.async_api import BrowserContext, Error, ViewportSize, async_playwright, expect

from curation.runs import ACTIVE, all_runs
from tests.e2e.conftest import ARGUMENTS, CHROMIUM, Server
from tests.load.acts import ACTS, LIST, label
from tests.load.outcome import SAMPLES
from tests.load.session import Session

ANSWER = 30_000  # milliseconds after which a page counts as dead
LOOK = 0.5  # seconds between looks at runs that are still at work
VIEW = ViewportSize(width=1440, height=1000)
WAIT = 300  # seconds the last runs may take


@dataclass
class Load:
    """What the sessions left, the most memory the server took, in bytes, and seconds of processor time."""

    sessions: list[Session]
    memory: int = 0
    server: float = 0
    browser: float = 0

    def errors(self) -> list[str]:
        """What any of them complained about."""
        return [text for session in self.sessions for text in session.errors]


async def drive(server: Server, count: int, seconds: float, seed: int, folder: Path) -> Load:
    """Load the samples, let the sessions work for so long, and wait until what they started has ended."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        contexts = [await browser.new_context(viewport=VIEW, reduced_motion="reduce") for _ in range(count)]
        sessions = [await _session(n, context, server, seed, folder, count) for n, context in enumerate(contexts)]
        load = Load(sessions)
        await _samples(sessions[0], server)
        for session in sessions:
            session.watch()
        before = _spent(server)
        until = time.monotonic() + seconds
        await asyncio.gather(*(_work(session, until) for session in sessions))
        load.server, load.browser = (now - was for now, was in zip(_spent(server), before, strict=True))
        await _all_ended(sessions[0], server)
        load.memory = server.most_memory()
        await browser.close()
    return load


def _spent(server: Server) -> tuple[float, float]:
    """Seconds of processor time of the server, and of the browser with what it started and ended."""
    own = psutil.Process(server.process.pid).cpu_times()
    browser = [one.cpu_times() for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    return own.user + own.system, sum(sum(times[:4]) for times in browser)


async def _session(
    number: int, context: BrowserContext, server: Server, seed: int, folder: Path, count: int
) -> Session:
    context.set_default_timeout(ANSWER)
    expect.set_options(timeout=ANSWER)
    page = await context.new_page()
    share = SAMPLES // count // LIST * LIST  # whole pages of the list
    return Session(number, page, server.url, folder, random.Random(f"{seed} {number}"), number * share)


async def _samples(session: Session, server: Server) -> None:
    """Load the sample workspace, and wait until it is measured."""
    await session.page.goto(server.url)
    await session.page.get_by_role("button", name="Load the sample workspace").click()
    await session.page.get_by_text(f"{SAMPLES:,} of {SAMPLES:,} traces").wait_for(timeout=WAIT * 1000)
    await _all_ended(session, server)
    session.times.clear()


async def _work(session: Session, until: float) -> None:
    """Act and think by turns; everybody begins by reading and deciding."""
    acts, weights = list(ACTS), list(ACTS.values())
    act = label
    while time.monotonic() < until:
        try:
            await act(session)
        except (Error, AssertionError) as error:  # between what is timed
            session.place = ""
            session.complain(act.__name__, str(error))
        act = session.random.choices(acts, weights)[0]
        await session.think()


async def _all_ended(session: Session, server: Server) -> None:
    """Wait until no run is at work, and open a page, which takes the last results in."""
    until = time.monotonic() + WAIT
    while time.monotonic() < until and any(
        run.status().state in ACTIVE for run in all_runs(server.workspace / "runs")
    ):
        await asyncio.sleep(LOOK)
    await session.address("", "Traces")
