"""The command line of training: `python -m training train | evaluate | compare`.

Each command makes the same run folder as the app does and works through it in the foreground; Ctrl-C cancels the run,
and `resume` goes on with it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.benchmarks import locate, shipped
from curation.console import follow, main
from curation.curated import CuratedSet
from curation.flags import add_flags, from_flags
from curation.runs import PROJECT, Request, Run, create, find
from training.compare import Comparison, compare, pair, samples
from training.launch import evaluate_request, train_request
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES
from training.student import BASE, resolve
from training.study import Study, table, write

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
    study = _command(commands, "study", "train and evaluate several sets with several seeds, and compare", _study)
    study.add_argument("sets", nargs="+", help="names of curated sets")
    study.add_argument("--student", default=BASE, help="base, a run's id, a folder or a hub name (default: base)")
    study.add_argument(
        "--benchmark", required=True, help=f"one of {', '.join(shipped())}, or an imported one, or a file of problems"
    )
    study.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds (default: 0 1 2)")
    study.add_argument("--objective", default="sft", help=f"one of {', '.join(OBJECTIVES.members)} (default: sft)")
    study.add_argument("--strategy", default="greedy", help=f"one of {', '.join(STRATEGIES.members)}")
    study.add_argument("--out", type=Path, required=True, help="folder for study.json, table.md and chart.svg")
    add_flags(study, OBJECTIVES.get(_value(given, "--objective", "sft")))
    add_flags(study, STRATEGIES.get(_value(given, "--strategy", "greedy")))
    resume = _command(commands, "resume", "go on with a run that ended early", _resume)
    resume.add_argument("run", help="id of the run")
    comparing = _command(commands, "compare", "compare two evaluate runs problem by problem", _compare)
    comparing.add_argument("a", help="id of an evaluate run")
    comparing.add_argument("b", help="id of another evaluate run on the same problems")
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
    _work(values, train_request(curated, objective, student, values.seed))


def _evaluate(values: argparse.Namespace) -> None:
    student = resolve(values.student, values.workspace / "runs")
    strategy = from_flags(STRATEGIES.get(values.strategy), values)
    options = {"limit": values.limit, "batch_size": values.batch_size, "seed": values.seed}
    request = evaluate_request(student, _benchmark(values), strategy, **options)
    _work(values, request)


def _benchmark(values: argparse.Namespace) -> str:
    return str(locate(values.benchmark, values.workspace / "benchmarks"))


def _work(values: argparse.Namespace, request: Request) -> None:
    _finish(values, create(values.workspace / "runs", request))


def _resume(values: argparse.Namespace) -> None:
    _finish(values, find(values.workspace / "runs", values.run))


def _finish(values: argparse.Namespace, run: Run) -> None:
    follow(run)
    _show({"run": run.id, **(run.result("scores.json") or {})}, as_json=values.json)


def _study(values: argparse.Namespace) -> None:
    runs = values.workspace / "runs"
    objective = from_flags(OBJECTIVES.get(values.objective), values)
    strategy = from_flags(STRATEGIES.get(values.strategy), values)
    study = Study(runs, resolve(values.student, runs), objective, strategy, _benchmark(values))
    sets = [CuratedSet(values.workspace / "sets" / name) for name in values.sets]
    outcomes = [study.outcome(curated, values.seeds) for curated in sets]
    about = {"student": values.student, "benchmark": values.benchmark, "seeds": values.seeds}
    write(outcomes, {**about, "objective": objective.dump(), "strategy": strategy.dump()}, values.out)
    sys.stdout.write(table(outcomes))


def _compare(values: argparse.Namespace) -> None:
    runs = [find(values.workspace / "runs", name) for name in (values.a, values.b)]
    result = compare(pair(*(samples(run) for run in runs)))
    _show(result.as_dict() if values.json else {"result": _sentence(result)}, as_json=values.json)


def _sentence(result: Comparison) -> str:
    agreement, low, high = result.agreement, *result.interval
    return (
        f"a {result.accuracy_a:.3f}, b {result.accuracy_b:.3f}, difference {result.difference:+.3f} "
        f"[{low:+.3f}, {high:+.3f}], McNemar p = {result.p_value:.2g}; both {agreement.both}, "
        f"only a {agreement.only_a}, only b {agreement.only_b}, neither {agreement.neither}"
    )


def _show(values: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(values) + "\n")
        return
    for name, value in values.items():
        if not name.endswith("_ids"):  # long lists, for --json
            sys.stdout.write(f"{name}: {f'{value:.4g}' if isinstance(value, float) else value}\n")


if __name__ == "__main__":
    sys.exit(main(lambda: command(sys.argv[1:])))
