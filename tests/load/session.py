"""One researcher in one browser: what she does is timed, what goes wrong is kept, every label she sets is noted."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import ConsoleMessage, Error, Page

READY = "document.querySelector('[data-testid=\"stApp\"]')?.getAttribute('data-test-script-state') === 'notRunning'"
WRONG = "[data-testid='stException'], [data-testid='stAlertContentError']"
# Streamlit asks for these below the path of a page too, before it asks at the root
PROBES = re.compile(r"404 .*/\w+/_stcore/(health|host-config)$")
LONGEST = 300  # characters of an error that are kept
THINK = (2.0, 8.0)  # seconds somebody looks before she does the next thing; ours


class Timed(NamedTuple):
    """One thing done, and how long it took until the page was at rest."""

    act: str
    milliseconds: float


class Pressed(NamedTuple):
    """A decision key: the first ten letters of the trace's id, and what the key says of it."""

    trace: str
    value: str


@dataclass
class Session:
    """A page of a browser of its own, and the traces only this researcher decides on: those from `first` on."""

    number: int
    page: Page
    url: str
    folder: Path
    random: random.Random
    first: int
    place: str = ""  # the page, or view of it, that is open
    imported: list[Path] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    times: list[Timed] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep what the browser itself complains about."""
        self.page.on("pageerror", lambda error: self.complain("page", str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        told = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not PROBES.search(told):
            self.complain("console", told)

    def complain(self, where: str, what: str) -> None:
        """Keep an error."""
        self.errors.append(f"session {self.number}, {where}: {' '.join(what.split())[:LONGEST]}")

    async def timed(self, act: str, do: Callable[[], Awaitable[object]]) -> bool:
        """Do one thing and wait until the page shows it and is at rest; False, and an error, when it never does."""
        began = time.perf_counter()
        done = await self.untimed(act, do)
        if done:
            self.times.append(Timed(act, 1000 * (time.perf_counter() - began)))
            await self.look(act)
        return done

    async def untimed(self, act: str, do: Callable[[], Awaitable[object]]) -> bool:
        """The same, without counting it."""
        try:
            await do()
            await self.page.wait_for_function(READY, polling=20)
        except (Error, AssertionError) as error:  # of a wait, of an expectation
            self.place = ""
            self.complain(act, f"{error} at {self.page.url}")
            return False
        return True

    async def think(self) -> None:
        """Look at what is there."""
        await asyncio.sleep(self.random.uniform(*THINK))

    async def look(self, act: str) -> None:
        for text in await self.page.locator(WRONG).all_inner_texts():
            self.complain(act, text or "an error box without a text")

    async def address(self, path: str, heading: str) -> bool:
        """Open an address, as from a bookmark: a new session of the app."""

        async def go() -> None:
            await self.page.goto(f"{self.url}/{path}")
            await self.page.get_by_role("heading", name=heading, exact=True).wait_for()

        self.place = heading
        return await self.timed("open an address", go)

    async def menu(self, heading: str) -> bool:
        """Go to another page by the menu."""
        if self.place.split(":")[0] == heading:
            return True
        if not self.place:
            return await self.address(path_of(heading), heading)

        async def go() -> None:
            await self.page.locator(f"[data-testid='stSidebarNavLink'][href$='/{path_of(heading)}']").click()
            await self.page.get_by_role("heading", name=heading, exact=True).wait_for()

        self.place = heading
        return await self.timed("open a page", go)


def path_of(heading: str) -> str:
    """The path of a page; the list of traces is the first page."""
    return "" if heading == "Traces" else heading.lower()
