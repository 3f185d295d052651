"""The command that lets a model write traces."""

import argparse
import json
import sys
from pathlib import Path

from curation.benchmarks import locate
from curation.console import follow
from curation.errors import UserError
from curation.flags import add_flags, from_flags
from curation.generating.launch import Asked
from curation.generating.progress import Progress, progress_of
from curation.operators.generate import Generate
from curation.prompting.prompts import texts
from curation.query.filters import Filter
from curation.workspace import Workspace

PROMPTS = [f"spec.{name}" for name in Generate.model_fields if name.endswith("prompt")]


def generate_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Let a model write traces of problems, and take them in."""
    named, values = texts("generate", workspace.root), vars(given)
    values.update({name: named.get(values[name], values[name]) for name in PROMPTS if name in values})
    step = from_flags(Generate, given)
    run = workspace.generate_run(step, _asked(workspace, given), given.into or "", given.limit)
    follow(run)
    workspace.take_in()
    found = progress_of(run)
    text = json.dumps({"run": run.id, **found.model_dump()}) if given.json else _sentence(found)
    sys.stdout.write(text + "\n")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which problems are asked, where the traces go, and how they are written."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--dataset", help="Ask the problems of this dataset, with or without traces")
    asked.add_argument("--benchmark", help="Ask the problems of this benchmark or file")
    asked.add_argument("--filter", help="Ask the problems of this filter's traces, as in the app's address")
    parser.add_argument("--limit", type=int, metavar="N", help="Most problems asked (default: all)")
    parser.add_argument("--into", metavar="DATASET", help="Dataset of the new traces (default: their problem's)")
    add_flags(parser, Generate)


def _asked(workspace: Workspace, given: argparse.Namespace) -> Asked:
    if given.limit is not None and given.limit < 1:
        raise UserError(f"--limit is a number of problems from 1, found {given.limit}.")
    if given.benchmark:
        return Path(locate(given.benchmark, workspace.root / "benchmarks"))
    return given.dataset or Filter.from_query(given.filter)


def _sentence(found: Progress) -> str:
    """What became of the problems, in a line."""
    failed = ", ".join(f"{cause} ({count})" for cause, count in found.failed.items())
    right = f"; {found.accepted} of {found.judged} right" if found.judged else ""
    cost = "" if found.cost is None else f"; cost {found.cost:g}"
    tokens = f"; {found.generated_tokens or 0} tokens generated"
    return f"{found.traces} traces of {found.problems} problems{right}{tokens}{cost}" + (
        f"; failed: {failed}" if failed else ""
    )
