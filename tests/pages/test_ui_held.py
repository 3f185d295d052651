import subprocess
import sys
from collections.abc import Iterator

import pytest

from curation.runs import PROJECT
from tests.pages.test_page_all import PAGES

HOLD = "import sys; from pathlib import Path; from curation.store import Store\n"
HOLD += "store = Store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def holder(root) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the store of the workspace until its input ends."""
    command = [sys.executable, "-c", HOLD, str(root / "winnow.duckdb")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=PROJECT, **pipes) as other:
        assert other.stdout.readline() == "open\n"
        yield other
        other.communicate("")


def test_every_page_names_the_process_that_holds_the_store(page, holder):
    told = f"is open in another process, {sys.executable} -c"
    for name in (*PAGES, "models"):
        at = page(name)
        assert not at.exception
        assert [told in error.value and f"(kill {holder.pid})" in error.value for error in at.error] == [True]
        assert [caption.value for caption in at.caption][-1].startswith("This page goes on by itself")


def test_a_page_goes_on_once_the_other_process_has_ended(page, holder):
    at = page("traces")
    assert at.error
    holder.communicate("")
    at.run()
    assert not at.error
    assert [button.label for button in at.button if "sample" in button.label] == ["Load the sample workspace"]
