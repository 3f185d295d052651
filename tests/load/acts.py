"""What a researcher does: each act leaves the page at rest, and is chosen as often as it happens in real work."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from urllib.parse import quote

import yaml
from playwright.async_api import Error, FloatRect, expect

from tests.load.session import Pressed, Session

PAGES = ("Traces", "Review", "Explore", "SQL", "Recipes", "Sets", "Models", "Teachers", "Compare", "Runs", "History")
LIST = 50  # traces on a page of the list
KEYS = {"x": ("drop", "Dropped"), "p": ("keep", "Kept")}
WORDS = ("wait", "check", "half", "apples", "altogether", "beads")
CLEAR = ".st-key-explore-clear button, .st-key-traces-clear button"  # other boxes have buttons of that name too
ROWS = 20  # of an imported file
PATIENCE = 30  # seconds
STEPS = [{"op": "count_tokens"}, {"op": "keep_where", "score": "n_tokens", "maximum": 200}]


async def look_around(session: Session) -> None:
    """Open another page by the menu."""
    await session.menu(session.random.choice([name for name in PAGES if name != session.place.split(":")[0]]))


async def brush(session: Session) -> None:
    """Draw a range over the histogram of lengths, and lift it again."""
    if not await session.menu("Explore") or not await unfiltered(session):
        return
    place = await _histogram(session)
    if place is None:
        return session.complain("brush", "the histogram has no place")
    start, width, mouse = session.random.uniform(0.05, 0.4), session.random.uniform(0.1, 0.4), session.page.mouse
    y = place["y"] + place["height"] / 2
    await mouse.move(place["x"] + place["width"] * start, y)
    await mouse.down()
    for step in range(1, 11):
        await mouse.move(place["x"] + place["width"] * (start + width * step / 10), y)
        await session.page.wait_for_timeout(30)

    async def release() -> None:
        await mouse.up()
        await session.page.wait_for_url(re.compile("filter="))
        await session.page.locator(CLEAR).wait_for()

    await session.timed("brush", release)
    await unfiltered(session)


async def _histogram(session: Session) -> FloatRect | None:
    """Where the histogram of lengths is; it may be drawn anew while it is looked for."""
    chart = session.page.get_by_label("Histogram of n_tokens").locator(".nsewdrag").first
    for _ in range(PATIENCE):
        with suppress(Error):
            await chart.scroll_into_view_if_needed()
            place = await chart.bounding_box()
            if place:
                return place
        await session.page.wait_for_timeout(1000)
    return None


async def unfiltered(session: Session) -> bool:
    """Lift the filter where there is one."""
    clear = session.page.locator(CLEAR)
    if not await clear.count():
        return True

    async def lift() -> None:
        await clear.click()
        await expect(clear).to_have_count(0)

    return await session.timed("clear the filter", lift)


async def move_a_slider(session: Session) -> None:
    """Move the upper limit of a step of a recipe by key, a few times."""
    line = session.page.get_by_role("button", name=re.compile(r"\b2\. keep_where"))
    if session.place != "Recipes: the form":
        if not await session.address(
            f"recipes?draft={quote(yaml.safe_dump({'name': 'load', 'steps': STEPS}))}", "Recipes"
        ):
            return
        if not await session.timed("open a form", lambda: _opened(session, line.first.click)):
            return
        session.place = "Recipes: the form"
    for _ in range(session.random.randint(2, 5)):
        before, key = await line.first.inner_text(), session.random.choice(("ArrowLeft", "ArrowRight"))
        if not await session.timed("move a slider", lambda was=before, key=key: _slid(session, line.first, was, key)):
            return


async def _opened(session: Session, click: Callable[[], Awaitable[object]]) -> None:
    await click()
    await session.page.get_by_role("slider").last.wait_for()


async def _slid(session: Session, line, before: str, key: str) -> None:
    await session.page.get_by_role("slider").last.focus()
    await session.page.keyboard.press(key)
    await expect(line).not_to_have_text(before)


async def own_list(session: Session) -> bool:
    """The list of traces, at the page where this researcher's traces start or where she is."""
    if session.place == "Traces: own":
        return True
    page = session.first // LIST + 1 + session.random.randrange(3)
    if not await session.address(f"?page={page}", "Traces"):
        return False
    session.place = "Traces: own"
    return await session.untimed("wait for the keys", lambda: _listening(session))


async def _listening(session: Session) -> None:
    """Until a key does something: a page that was only just loaded is drawn a moment before it hears keys."""
    place = session.page.locator(".st-key-triage").last
    was = await place.inner_text()
    for _ in range(PATIENCE):
        await session.page.keyboard.press("j")
        await session.page.wait_for_timeout(1000)
        if await place.inner_text() != was:
            return
    raise AssertionError("the list of traces hears no key")


async def turn_pages(session: Session) -> None:
    """Turn to the next page of the list and back."""
    if not await own_list(session):
        return
    at = session.page.url
    for name in ("Next page", "Previous page"):

        async def turn(name: str = name) -> None:
            was = session.page.url
            await session.page.get_by_label(name).click()
            await session.page.wait_for_url(lambda url: url != was)

        if not await session.timed("turn a page", turn):
            return
    if session.page.url.split("page=")[-1] != at.split("page=")[-1]:
        session.place = ""


async def label(session: Session) -> None:
    """Walk down the list by key and decide on some of the traces."""
    if not await own_list(session):
        return
    for _ in range(session.random.randint(4, 9)):
        key = session.random.choices(["x", "p", "j"], [4, 4, 1])[0]
        done = await (step(session) if key == "j" else decide(session, key))
        if not done:
            return
        await session.think()


async def step(session: Session) -> bool:
    """Go to the next trace."""
    was = await opened(session)

    async def go() -> None:
        await session.page.keyboard.press("j")
        await expect(session.page.locator(".st-key-reader-question").last).not_to_contain_text(was)

    return await session.timed("next trace", go)


async def decide(session: Session, key: str) -> bool:
    """Drop or keep the open trace; the press counts whether or not the page answers."""
    value, said = KEYS[key]
    trace = await opened(session)
    session.pressed.append(Pressed(trace, value))

    async def press() -> None:
        await session.page.keyboard.press(key)
        await expect(session.page.locator(".st-key-triage").last).to_contain_text(f"{said} trace {trace}")

    return await session.timed("label", press)


async def opened(session: Session) -> str:
    """The first ten letters of the open trace's id."""
    text = await session.page.locator(".st-key-reader-question").last.inner_text()
    return text.rsplit("trace ", 1)[-1].strip()[:10]


async def search(session: Session) -> None:
    """Search a word in all texts."""
    if not await session.menu("Traces") or not await unfiltered(session):
        return
    word, box = session.random.choice(WORDS), session.page.get_by_label("Search", exact=True)

    async def ask() -> None:
        await box.fill(word)
        await box.press("Enter")
        await session.page.get_by_role("button", name=f"contains {word}").wait_for()

    session.place = "Traces"  # the list under a filter is not her own
    await session.timed("search", ask)
    await unfiltered(session)


async def import_a_file(session: Session) -> None:
    """Import a small file of new traces."""
    file = session.folder / f"load-{session.number}-{len(session.imported)}.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows(file.stem)), encoding="utf-8")
    if not await session.address(f"import?path={quote(str(file))}", "Import"):
        return

    session.imported.append(file)
    await start(session, "start an import", "Start import", f"Import {file.name}")


async def start(session: Session, act: str, button: str, shown: str) -> None:
    """Press a button that starts a run, until the run is shown."""

    async def press() -> None:
        await session.page.get_by_role("button", name=button).click()
        await session.page.get_by_text(shown).first.wait_for()

    await session.timed(act, press)


def rows(name: str) -> list[dict[str, str]]:
    """Traces nobody else has."""
    return [
        {"question": f"What is {n} and {n} in {name}?", "generation": f"<think>\n{n} + {n} = {2 * n}.\n</think>\n"
         f"\\boxed{{{2 * n}}}", "answer": str(2 * n)}
        for n in range(ROWS)
    ]  # fmt: skip


async def freeze(session: Session) -> None:
    """Start the run of a small recipe."""
    name = f"load-{session.number}-{len(session.frozen)}"
    if not await session.address(f"recipes?draft={quote(yaml.safe_dump({'name': name, 'steps': STEPS}))}", "Recipes"):
        return

    session.frozen.append(name)
    await start(session, "start a run", "Freeze curated set", f"Curate {name} with {name}")


async def measure(session: Session) -> None:
    """Measure what the traces that came in last lack; nothing where nothing is missing."""
    if not await session.menu("Explore"):
        return
    await session.page.get_by_role("button", name="Measure", exact=True).first.click()
    basics = session.page.get_by_role("button", name="Measure the basics")
    await session.page.get_by_text("Annotator", exact=True).first.wait_for()
    if await basics.count():
        await session.timed("start to measure", basics.click)
    session.place = ""  # its box stays open


ACTS: Mapping[Callable[[Session], Awaitable[None]], int] = {
    label: 8, look_around: 4, turn_pages: 2, brush: 3, move_a_slider: 3, search: 2, import_a_file: 1, freeze: 1,
    measure: 1,
}  # fmt: skip
