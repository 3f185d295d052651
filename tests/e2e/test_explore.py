"""Charts, lasso and SQL in a real browser: what is drawn by hand is the filter in the address."""

import json
import math
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import Error, Page, expect

from curation.application.sources import Stored
from curation.engine import apply
from curation.imports.run import import_files
from curation.operator import OPERATORS, Annotator
from curation.query.filters import Filter
from curation.workspace import Workspace

pytestmark = pytest.mark.e2e
REDRAWS = 5  # of a chart that is looked for while its page is drawn
TOPICS = ("boats sail on the sea with the wind", "bread needs flour, water and salt", "trains leave the station")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """Sixty measured and embedded traces of two teachers about three topics."""
    folder = tmp_path_factory.mktemp("explore")
    rows = [
        {
            "question": f"How many {TOPICS[n % 3]} in story {n}?",
            "generation": f"<think>\n{'One by one. ' * (n // 2 + 1)}\n\nLet me check.\n</think>\n\\boxed{{{n % 2}}}",
            "answer": "1",
            "model": "long" if n % 4 else "short",
        }
        for n in range(60)
    ]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    import_files([folder / "rows.jsonl"], folder / "imported")
    work = Workspace(folder / "workspace")
    work.store.take_import("20260101-000000-import-test", folder / "imported")
    steps = [OPERATORS.parse({"op": name}) for name in ("count_tokens", "segment", "verify_answer", "embed")]
    steps.append(OPERATORS.parse({"op": "map_embeddings", "method": "pca"}))
    with apply(steps, Stored(work.store, Filter()), folder / "scratch"):
        for step in steps:
            assert isinstance(step, Annotator)
            work.store.take_annotation("", step, sorted((folder / "scratch" / step.key()).glob("part-*.parquet")))
    work.store.close()
    return folder / "workspace"


def asked(page: Page) -> Filter:
    """The filter in the address."""
    return Filter.from_query(parse_qs(urlparse(page.url).query).get("filter", [""])[0])


def settled(page: Page) -> None:
    """Wait until the page's script and its charts have come to rest."""
    page.wait_for_timeout(1000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_timeout(1500)


def chart(page: Page, alt: str) -> dict[str, float]:
    """Where a chart can be drawn on."""
    found = page.locator(f'[aria-label="{alt}"]').first
    for _ in range(REDRAWS):
        try:
            found.scroll_into_view_if_needed()
            break
        except Error:  # it was drawn anew in between
            settled(page)
    place = found.locator(".nsewdrag").first.bounding_box()
    assert place is not None
    return place


def drag(page: Page, place: dict[str, float], points: list[tuple[float, float]]) -> None:
    """Draw with the mouse, in small moves, over shares of a chart."""
    spots = [(place["x"] + place["width"] * x, place["y"] + place["height"] * y) for x, y in points]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots[1:]:
        page.mouse.move(*spot)
        time.sleep(0.03)  # a browser drops moves that come faster
    page.mouse.up()
    settled(page)


def click(page: Page, alt: str, x: float, y: float) -> None:
    place = chart(page, alt)
    page.mouse.click(place["x"] + place["width"] * x, place["y"] + place["height"] * y)
    settled(page)


def test_brush_click_and_lasso_write_one_filter(page: Page, server, shot):
    page.goto(f"{server.url}/explore")
    settled(page)
    drag(page, chart(page, "Histogram of n_tokens"), [(x / 20, 0.3) for x in range(4, 15)])
    assert list(asked(page).ranges) == ["n_tokens"]
    click(page, "Traces by correct", 0.05, 0.8)
    assert asked(page).flags in ({"correct": True}, {"correct": False})
    click(page, "Traces by correct", 0.05, 0.8)
    assert asked(page).flags == {}
    page.goto(f"{server.url}/explore?filter=%7B%7D")
    settled(page)
    click(page, "Percentiles of n_tokens by model", 0.4, 0.25)
    assert list(asked(page).values) == ["model"]
    turns = [6.3 * n / 16 for n in range(17)]
    circle = [(0.5 + 0.3 * math.cos(t), 0.5 + 0.4 * math.sin(t)) for t in turns]
    drag(page, chart(page, "map_y against map_x"), circle)
    drawn = asked(page)
    assert drawn.lasso is not None
    assert list(drawn.values) == ["model"]
    shown = page.get_by_text("of 60 traces").first.inner_text()
    page.reload()
    settled(page)
    assert page.get_by_text("of 60 traces").first.inner_text() == shown
    chart(page, "map_y against map_x")
    shot("9-map")


def test_a_query_becomes_a_filter_with_the_same_count(page: Page, server, shot):
    query = "SELECT id, model FROM scores WHERE model = 'short'"
    page.goto(f"{server.url}/sql?sql={quote(query)}")
    settled(page)
    shot("9-sql")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_text().count("short") == 15
    page.get_by_role("button", name="Use as filter (15 traces)").click()
    expect(page.get_by_role("heading", name="Explore")).to_be_visible()
    settled(page)
    assert asked(page) == Filter(sql=query)
    expect(page.get_by_text("15 of 60 traces").first).to_be_visible()
