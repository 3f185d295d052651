import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("e2e") / "workspace"


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator["Server"]:
    running = Server(workspace)
    running.start()
    yield running
    running.stop()


class Server:
    """The app as a user starts it, on a free port; what it writes to stderr goes into a log where one is named."""

    def __init__(self, workspace: Path, log: Path | None = None, options: Sequence[str] = ()) -> None:
        self.workspace, self.log, self.options = workspace, log, options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        environment = {**os.environ, "WINNOW_WORKSPACE": str(self.workspace), "OMP_NUM_THREADS": "1"}
        with nullcontext() if self.log is None else self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--server.headless", "true", *self.options],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.url + "/_stcore/health", timeout=2)
                return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(f"the app did not start on {self.url}")

    def most_memory(self) -> int:
        """The most memory the server ever took, in bytes, as Linux counts it."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as started:
        yield started


def browser(playwright: Playwright, profile: Path) -> BrowserContext:
    """A browser of its own."""
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, headless=True, args=ARGUMENTS, viewport={"width": 1440, "height": 1000}
    )
    context.set_default_timeout(60_000)
    return context


@pytest.fixture
def page(playwright: Playwright, tmp_path: Path) -> Iterator[Page]:
    context = browser(playwright, tmp_path / "profile")
    yield context.pages[0]
    context.close()


@pytest.fixture
def other_page(playwright: Playwright, tmp_path: Path) -> Iterator[Page]:
    """A page of somebody else's browser."""
    context = browser(playwright, tmp_path / "other")
    yield context.pages[0]
    context.close()


@pytest.fixture
def shot(page: Page):
    """Keeps a screenshot as an artefact of the run."""
    folder = ROOT / "artefacts" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name: str) -> None:
        page.screenshot(path=folder / f"{name}.png")

    return keep
