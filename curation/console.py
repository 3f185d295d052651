"""What both command lines share: following a run, and how errors end the program."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from curation.disk import refusal
from curation.errors import UserError
from curation.runs import ACTIVE, Run

POLL = 0.1  # seconds


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors of the command line are."""

    def error(self, message: str) -> NoReturn:
        """Raise what was wrong with the arguments."""
        raise UserError(f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")


def write(text: str) -> None:
    """A line on standard output."""
    sys.stdout.write(text + "\n")


def follow(run: Run) -> None:
    """Launch a run and show its progress until it ends; Ctrl-C cancels it. UserError when it did not finish."""
    run.launch()
    try:
        while run.status().state in ACTIVE:
            _show(run)
            time.sleep(POLL)
    except KeyboardInterrupt:
        run.cancel()
        raise UserError(f"Cancelled; resume with the same command or from the runs page ({run.id}).") from None
    _show(run)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    status = run.status()
    if status.state != "done":
        raise UserError(status.error or f"Run {run.id} ended as {status.state}; its log is {run.folder / 'log.txt'}.")


def _show(run: Run) -> None:
    """One line on a terminal; nothing where the output goes to a file."""
    if sys.stderr.isatty():
        last: dict[str, Any] = next(iter(reversed(run.metrics())), {})
        done, total = last.get("done", last.get("step")), last.get("total", last.get("max_steps"))
        share = f"{done / total:4.0%}" if done is not None and total else ""
        label = f"{last['eta_seconds']:.0f} s left" if "eta_seconds" in last else last.get("label", "")
        sys.stderr.write(f"\r\x1b[K{run.request.title}: {run.status().state} {share} {label}")
        sys.stderr.flush()


def main(run: Callable[[], None]) -> int:
    """0 when it worked, 2 and one line on stderr for what a user can repair."""
    try:
        run()
        return 0
    except UserError as error:
        return _say(str(error))
    except OSError as error:
        reason = refusal(error, Path.cwd())
        if reason is None:
            raise
        return _say(reason)


def _say(reason: str) -> int:
    sys.stderr.write(" ".join(reason.split()) + "\n")
    return 2
