"""The whole journey in a real browser: import, filter, prune, freeze, export, train, evaluate, compare."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from curation.runs import all_runs

pytestmark = pytest.mark.e2e
TRAINING = 300_000  # milliseconds a run may take on a busy machine


def settle(page: Page) -> None:
    """Wait until Streamlit has drawn."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        "document.querySelector('[data-testid=\"stApp\"]')?.getAttribute('data-test-script-state') === 'notRunning'"
    )
    page.wait_for_timeout(300)
    assert page.locator("[data-testid='stException']").count() == 0


def wait_done(page: Page, workspace: Path, count: int) -> None:
    """Wait until so many runs are done, the panel of the last one too: one before it may still be shown as done."""
    for _ in range(TRAINING // 500):
        if sum(run.status().state == "done" for run in all_runs(workspace / "runs")) == count:
            break
        page.wait_for_timeout(500)
    expect(page.get_by_text("done", exact=True).first).to_be_visible(timeout=TRAINING)
    settle(page)


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("[data-testid='stApp']").wait_for()
    settle(page)


def fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True).first
    box.fill(value)
    box.press("Enter")
    settle(page)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).first.click()
    page.get_by_role("option", name=option).first.click()
    settle(page)


def test_the_whole_journey_from_samples_to_compared_students(page, server, workspace, shot):
    load_samples(page, server.url, shot)
    import_own_file(page, server.url, workspace.parent, shot)
    brush_a_chart(page, server.url, shot)
    freeze_a_pruned_set(page, server.url, workspace, shot)
    export_it(page, server.url, workspace, shot)
    server.stop()
    server.start()  # the app starts anew in the middle of the journey; nothing is lost
    train_a_student(page, server, workspace, shot)
    evaluate(page, server.url, workspace, "base", runs=6)
    evaluate(page, server.url, workspace, "sft of base", runs=7)
    shot("7-evaluate")
    compare(page, server.url, shot)
    kinds = [(run.request.kind, run.status().state) for run in reversed(all_runs(workspace / "runs"))]
    assert kinds == [
        ("import", "done"), ("annotate", "done"), ("import", "done"), ("apply", "done"), ("train", "done"),
        ("evaluate", "done"), ("evaluate", "done"),
    ]  # fmt: skip


def load_samples(page: Page, url: str, shot) -> None:
    open_page(page, url)
    page.get_by_role("button", name="Load the sample workspace").click()
    expect(page.get_by_text("4,000 of 4,000 traces")).to_be_visible(timeout=TRAINING)
    expect(page.get_by_role("link", name="History")).to_be_visible()  # no section of the menu is folded away
    settle(page)
    shot("1-traces")


def import_own_file(page: Page, url: str, folder: Path, shot) -> None:
    row = {"question": "What is 2 + 3?", "generation": "<think>2 + 3 = 5</think>The answer is 5.", "answer": "5"}
    file = folder / "own.jsonl"
    file.write_text(2 * (json.dumps(row) + "\n") + '{"question": broken\n', encoding="utf-8")
    open_page(page, f"{url}/import?path={quote(str(file))}")
    shot("2-import")
    page.get_by_role("button", name="Start import").click()
    expect(page.get_by_text("3 rows = 1 imported + 1 duplicates + 1 quarantined").first).to_be_visible(
        timeout=TRAINING
    )
    settle(page)
    shot("2-imported")


def brush_a_chart(page: Page, url: str, shot) -> None:
    open_page(page, f"{url}/explore")
    chart = page.locator(".js-plotly-plot .nsewdrag").first
    chart.wait_for()
    box = chart.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.05, y)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(box["x"] + box["width"] * (0.05 + 0.04 * step), y)
        page.wait_for_timeout(30)
    page.mouse.up()
    page.wait_for_url(re.compile("filter="))
    settle(page)
    expect(page.get_by_text(re.compile(r"[\d,]+ of 4,001 traces")).first).not_to_contain_text("4,001 of")
    shot("3-explore")


def freeze_a_pruned_set(page: Page, url: str, workspace: Path, shot) -> None:
    chosen = quote(json.dumps({"values": {"dataset": ["teacher_traces"]}}))
    open_page(page, f"{url}/recipes?filter={chosen}")
    choose(page, "Recipe", "pruned")
    page.get_by_role("button", name="Open recipe").click()
    settle(page)
    shot("4-funnel")
    expect(page.get_by_text("Cliff's delta").first).to_be_visible()
    page.get_by_text("Changes", exact=True).click()
    settle(page)
    shot("4-changes")
    fill(page, "Name of the curated set", "journey")
    page.get_by_role("button", name="Freeze curated set").click()
    wait_done(page, workspace, 4)


def export_it(page: Page, url: str, workspace: Path, shot) -> None:
    open_page(page, f"{url}/sets?set=journey")
    page.get_by_role("tab", name="Export").click()
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("Written to")).to_be_visible()
    shot("5-sets")
    lines = (workspace / "exports" / "journey-messages.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 1000
    assert [m["role"] for m in json.loads(lines[0])["messages"]] == ["user", "assistant"]


def train_a_student(page: Page, server, workspace: Path, shot) -> None:
    open_page(page, f"{server.url}/train?set=journey")
    fill(page, "Max train tokens", "40000")
    shot("6-what-the-student-sees")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile("queued|running")).first).to_be_visible()
    server.stop()
    server.start()  # the run outlives the app, and a new app shows how it ends
    open_page(page, f"{server.url}/train")
    wait_done(page, workspace, 5)
    shot("6-train")


def evaluate(page: Page, url: str, workspace: Path, student: str, runs: int) -> None:
    open_page(page, f"{url}/evaluate")
    choose(page, "Student", student)
    fill(page, "Only the first problems", "40")
    fill(page, "Max new tokens", "200")
    page.get_by_role("button", name="Start evaluation").click()
    wait_done(page, workspace, runs)


def compare(page: Page, url: str, shot) -> None:
    open_page(page, f"{url}/compare")
    expect(page.get_by_text("McNemar p").first).to_be_visible()
    page.get_by_text(re.compile(r"^All \(40\)")).click()
    settle(page)
    shot("8-compare")
