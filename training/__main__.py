"""The command line of training: `python -m training train | evaluate | study | compare`.

Each command makes the same run folder as the app does and works through it in the foreground; Ctrl-C cancels the run,
and `resume` goes on with it.
"""

import argparse
import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from curation.benchmarks import describe, locate, shipped
from curation.connection import BASE
from curation.console import follow, main, write
from curation.curated import CuratedSet
from curation.docs import reference
from curation.flags import add_flags, from_flags
from curation.runs import PROJECT, SETTINGS, Request, Run, create, find, replace_text
from curation.sets.frozen import freeze_at
from curation.spec import Family
from training.benchmark import asked_as
from training.comparing.comparison_report import CORRECTIONS, report, to_json, to_markdown
from training.comparing.comparison_report import write as write_report
from training.comparing.evaluations import evaluation
from training.launch import evaluate_request, on_machines, train_request
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES
from training.student import resolve
from training.studies.launch import study_run
from training.studies.study import Study, find_study

PAGES: tuple[tuple[Family[Any], str], ...] = ((OBJECTIVES, "Objectives"), (STRATEGIES, "Strategies"))
WORKSPACE = PROJECT / "data" / "workspace"


def command(given: Sequence[str]) -> None:
    """Run one command."""
    values = _parser(given).parse_args(given)
    values.command(values)


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, evaluate and compare students.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = _command(commands, "train", "fine-tune a student on a curated set", _train)
    train.add_argument("set", help="name or folder of a curated set")
    train.add_argument("--student", default=BASE, help="base, a run's id, a folder or a hub name (default: base)")
    train.add_argument("--seed", type=int, default=0, help="seed of order and adapters (default: 0)")
    train.add_argument("--processes", type=int, default=1, help="GPUs to train on, a process each (default: 1)")
    train.add_argument("--machines", help="names of several machines that train together, such as gpu1,gpu2")
    train.add_argument("--objective", default="sft", help=f"one of {', '.join(OBJECTIVES.members)} (default: sft)")
    add_flags(train, OBJECTIVES.get(_value(given, "--objective", "sft")))
    evaluate = _command(commands, "evaluate", "run a student on a benchmark", _evaluate)
    evaluate.add_argument("student", help="base, a run's id, a folder or a hub name")
    evaluate.add_argument(
        "--benchmark", required=True, help=f"one of {', '.join(shipped())}, or an imported one, or a file of problems"
    )
    evaluate.add_argument("--limit", type=int, help="first problems only")
    evaluate.add_argument("--batch-size", type=int, help="prompts answered together (default: by the model's size)")
    evaluate.add_argument("--seed", type=int, default=0, help="seed of sampling (default: 0)")
    evaluate.add_argument("--strategy", default="greedy", help=f"one of {', '.join(STRATEGIES.members)}")
    add_flags(evaluate, STRATEGIES.get(_value(given, "--strategy", "greedy")))
    study = _command(commands, "study", "apply, train and evaluate every cell of a study, and compare", _study)
    study.add_argument("study", help="a YAML file, or the name of a shipped or saved study")
    study.add_argument("--out", type=Path, help="folder for study.json, table.md and chart.svg")
    resume = _command(commands, "resume", "go on with a run that ended early", _resume)
    resume.add_argument("run", help="id of the run")
    docs = _command(commands, "docs", "write the reference pages of objectives and strategies", _docs)
    docs.add_argument("--out", type=Path, default=PROJECT / "training", help="folder of the pages (default: training)")
    comparing = _command(commands, "compare", "compare evaluate runs problem by problem", _compare)
    comparing.add_argument("baseline", help="id of an evaluate run")
    comparing.add_argument("others", nargs="+", help="ids of evaluate runs on the same problems, compared with it")
    comparing.add_argument(
        "--correction", choices=list(CORRECTIONS), default="holm", help="of the p values (default: holm)"
    )
    comparing.add_argument("--price", type=float, help="price of a million generated tokens, for costs")
    comparing.add_argument("--out", type=Path, help="also write the comparison to a .html, .md or .csv file")
    return parser


def _command(commands: Any, name: str, text: str, function: Any) -> argparse.ArgumentParser:  # noqa: ANN401
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:])
    parser.add_argument("--workspace", type=Path, default=WORKSPACE, help="folder of sets and runs")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.set_defaults(command=function)
    return parser


def _value(given: Sequence[str], flag: str, default: str) -> str:
    """The value of a flag before parsing: which objective or strategy decides which flags there are."""
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    finder.add_argument(flag, dest="value", default=default)
    return str(finder.parse_known_args(given)[0].value)


def _train(values: argparse.Namespace) -> None:
    folder = Path(values.set)
    curated = CuratedSet(folder if (folder / "manifest.json").is_file() else values.workspace / "sets" / values.set)
    student = resolve(values.student, values.workspace / "runs")
    objective = from_flags(OBJECTIVES.get(values.objective), values)
    request = train_request(curated, objective, student, values.seed, processes=values.processes)
    _work(values, on_machines(request, values.machines.split(",")) if values.machines else request)


def _evaluate(values: argparse.Namespace) -> None:
    student = resolve(values.student, values.workspace / "runs")
    benchmark = _benchmark(values)
    strategy = asked_as(from_flags(STRATEGIES.get(values.strategy), values), describe(Path(benchmark)).card)
    options = {"limit": values.limit, "batch_size": values.batch_size, "seed": values.seed}
    request = evaluate_request(student, benchmark, strategy, **options)
    _work(values, request)


def _benchmark(values: argparse.Namespace) -> str:
    return str(locate(values.benchmark, values.workspace / "benchmarks"))


def _work(values: argparse.Namespace, request: Request) -> None:
    _finish(values, create(values.workspace / "runs", request))


def _resume(values: argparse.Namespace) -> None:
    _finish(values, find(values.workspace / "runs", values.run))


def _finish(values: argparse.Namespace, run: Run) -> None:
    if run.machines():
        _show_commands(run, as_json=values.json)
        return
    follow(run)
    _show({"run": run.id, **(run.result("scores.json") or {})}, as_json=values.json)


def _show_commands(run: Run, *, as_json: bool) -> None:
    """What starts a run of several machines: a command for each of them."""
    settings = [f"{name}={value}" for name, value in SETTINGS.items()]
    commands = [
        f"cd {shlex.quote(str(PROJECT))} && {shlex.join([*settings, *run.command(number)])}"
        for number in range(len(run.machines()))
    ]
    if as_json:
        _show({"run": run.id, "commands": commands}, as_json=True)
        return
    write(f"Run {run.id} begins once each machine has its command:")
    for machine, command in zip(run.machines(), commands, strict=True):
        write(f"{machine.partition(':')[0]}$ {command}")


def _study(values: argparse.Namespace) -> None:
    root = values.workspace.resolve()
    study = find_study(values.study, root / "studies")
    run = study_run(root, study, partial(freeze_at, root))
    try:
        if run.status().state != "done":
            follow(run)
    finally:  # a study of which some cells failed, or that was cancelled, has found something too
        if (run.out / "table.md").is_file():
            _show_study(values, study, run)


def _show_study(values: argparse.Namespace, study: Study, run: Run) -> None:
    if values.out:
        shutil.copytree(run.out, values.out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cells.json"))
    found = run.result("study.json") or {}
    expected = f"\nExpected: {study.expected.strip()}\n" if study.expected else ""
    text = (
        json.dumps({"run": run.id, **found}) + "\n" if values.json else (run.out / "table.md").read_text() + expected
    )
    sys.stdout.write(text)


def _compare(values: argparse.Namespace) -> None:
    runs = [find(values.workspace / "runs", name) for name in dict.fromkeys([values.baseline, *values.others])]
    found = [evaluation(run) for run in runs]
    made = report(found, found[0], values.correction, values.price)
    if values.out:
        write_report(made, values.out)
    sys.stdout.write(to_json(made) if values.json else to_markdown(made))


def _docs(values: argparse.Namespace) -> None:
    for family, title in PAGES:
        replace_text(values.out / f"{title.upper()}.md", reference(family, title))


def _show(values: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(values) + "\n")
        return
    for name, value in values.items():
        if not name.endswith("_ids"):  # long lists, for --json
            sys.stdout.write(f"{name}: {f'{value:.4g}' if isinstance(value, float) else value}\n")


if __name__ == "__main__":
    sys.exit(main(lambda: command(sys.argv[1:])))
