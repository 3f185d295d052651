"""A day in a real browser: triage, brush and lasso, a threshold, a lost row, a target, a shared view."""

import math
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from curation.application.sources import Stored
from curation.engine import apply
from curation.imports.run import import_files
from curation.operator import OPERATORS, Annotator, QueryAnnotator
from curation.query.filters import Filter
from curation.workspace import SAMPLES, Workspace
from tests.e2e.test_explore import asked, chart, drag, settled
from tests.e2e.test_journey import open_page, settle

pytestmark = pytest.mark.e2e
MEASURED = ("count_tokens", "verify_answer", "difficulty", "segment", "embed", "map_embeddings")
RECIPE = """
name: threshold
steps:
- {op: count_tokens}
- {op: verify_answer}
- {op: difficulty}
- {op: keep_where, score: correct, equals: true}
- {op: keep_where, score: n_tokens, maximum: 300}
"""


@pytest.fixture(scope="module")
def wrong(workspace: Path) -> str:
    """The id of a wrong trace in a workspace of measured samples."""
    work = Workspace(workspace)
    import_files([SAMPLES / "teacher_traces.jsonl.gz", SAMPLES / "concise_traces.jsonl.gz"], workspace / "imported")
    work.store.take_import("20260101-000000-import-test", workspace / "imported")
    steps = [step for name in MEASURED if isinstance(step := OPERATORS.parse({"op": name}), Annotator)]
    with apply(steps, Stored(work.store, Filter()), workspace / "scratch"):
        for step in steps:
            done = sorted((workspace / "scratch" / step.key()).glob("part-*.parquet"))
            work.store.take_annotation("", step, [] if isinstance(step, QueryAnnotator) else done)
    found = work.store.ids(Filter(flags={"correct": False}))[7]
    work.store.close()
    return found


def columns() -> dict[str, str]:
    return dict.fromkeys(("n_tokens", "map_x", "map_y"), "number")


def total(page: Page) -> str:
    """How much the filter shows, as the page says it."""
    return page.get_by_text(re.compile(r"[\d,]+ of 4,000 traces")).first.inner_text().split(" of ")[0]


def test_a_day_with_the_samples(page: Page, other_page: Page, wrong, server, shot):
    open_page(page, server.url)
    triage(page, shot)
    open_page(page, f"{server.url}/history")
    expect(page.get_by_text("undid", exact=False).first).to_be_visible()
    shot("9-history")
    count, chosen = brush_and_lasso(page, server.url, shot)
    same_count_everywhere(page, server.url, count, chosen)
    open_page(page, f"{server.url}/recipes?draft={quote(RECIPE)}&filter=")
    move_the_threshold(page, shot)
    find_the_lost_row(page, wrong, shot)
    solve(page, shot)
    share(page, other_page)


def triage(page: Page, shot) -> None:
    """Twenty decisions and five of them taken back, without a mouse."""
    expect(page.locator(".st-key-triage")).to_contain_text("1 of 4,000")
    settle(page)
    for number in range(1, 21):
        page.keyboard.press("x" if number % 3 else "p")
        expect(page.locator(".st-key-triage")).to_contain_text(f"{number + 1} of 4,000")
        settle(page)
    for number in range(20, 15, -1):
        page.keyboard.press("u")
        expect(page.locator(".st-key-triage")).to_contain_text(f"{number} of 4,000")
        settle(page)
    shot("9-triage")


def brush_and_lasso(page: Page, url: str, shot) -> tuple[str, Filter]:
    """A range of lengths, then an area of the map."""
    open_page(page, f"{url}/explore")
    settled(page)
    drag(page, chart(page, "Histogram of n_tokens"), [(x / 40, 0.3) for x in range(2, 25)])
    brushed = total(page)
    turns = [6.3 * n / 20 for n in range(21)]
    circle = [(0.5 + 0.35 * math.cos(t), 0.5 + 0.42 * math.sin(t)) for t in turns]
    drag(page, chart(page, "map_y against map_x"), circle)
    chosen, count = asked(page), total(page)
    assert list(chosen.ranges) == ["n_tokens"]
    assert chosen.lasso is not None
    assert 0 < int(count.replace(",", "")) < int(brushed.replace(",", "")) < 4000
    shot("9-lasso")
    return count, chosen


def same_count_everywhere(page: Page, url: str, count: str, chosen: Filter) -> None:
    """Explore, traces, recipes and SQL agree."""
    for name in ("traces", "recipes"):
        open_page(page, f"{url}/{name}?filter={quote(chosen.to_query())}")
        assert total(page) == count
    condition = chosen.where(columns())
    open_page(page, f"{url}/sql?sql={quote(f'SELECT id FROM scores WHERE {condition}')}")
    expect(page.get_by_role("button", name=f"Use as filter ({count} traces)")).to_be_visible()


def left(page: Page) -> int:
    """Rows after the last step, from the funnel."""
    rows = page.locator(".w-funnel tr").last.locator("td").nth(1).inner_text()
    return int(re.sub(r"\D", "", rows))


def move_the_threshold(page: Page, shot) -> None:
    """Drag the upper limit; the funnel follows."""
    page.get_by_role("button", name=re.compile("5. keep_where")).first.click()
    settle(page)
    before = left(page)
    thumb = page.get_by_role("slider").last
    place = thumb.bounding_box()
    assert place
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(place["x"] - 8 * step, place["y"] + place["height"] / 2)
        page.wait_for_timeout(30)
    page.mouse.up()
    settle(page)
    assert 0 < left(page) < before
    limit = page.get_by_text(re.compile(r"n_tokens is above \d+")).first.inner_text().split()[-1]
    expect(page.get_by_role("button", name=re.compile("5. keep_where")).first).to_contain_text(f"≤ {limit}")
    shot("9-threshold")


def find_the_lost_row(page: Page, wrong: str, shot) -> None:
    page.get_by_text("Why gone?", exact=True).click()
    settle(page)
    box = page.get_by_label("Trace id", exact=True)
    box.fill(wrong)
    box.press("Enter")
    expect(page.get_by_text("is gone since step 4 (keep_where): correct is false.")).to_be_visible()
    shot("9-why-gone")


def solve(page: Page, shot) -> None:
    """Ask for 1,000 rows, take the thresholds over."""
    page.get_by_text("Target", exact=True).click()
    settle(page)
    box = page.get_by_label("At least", exact=True)
    box.fill("1000")
    box.press("Enter")
    settle(page)
    page.get_by_role("button", name="Find thresholds").click()
    expect(page.get_by_role("button", name="Apply these thresholds")).to_be_enabled()
    settle(page)
    shot("9-target")
    page.get_by_role("button", name="Apply these thresholds").click()
    settle(page)
    assert 1000 <= left(page) <= 1010


def share(page: Page, other: Page) -> None:
    """The address in another browser shows the same recipe and the same funnel."""
    open_page(other, page.url)
    views = [found.locator(".w-funnel").first.inner_text() for found in (page, other)]
    steps = [
        found.get_by_role("button", name=re.compile("5. keep_where")).first.inner_text() for found in (page, other)
    ]
    assert views[0] == views[1]
    assert steps[0] == steps[1]
