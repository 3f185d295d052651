"""The command line of curation: `python -m curation import|traces|annotate|apply|sets|rebuild|diff|export|...`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from curation.benchmarking.card import write_card
from curation.benchmarks import describe, locate, shipped
from curation.console import Parser, follow, main, write
from curation.curated import CuratedSet
from curation.docs import reference
from curation.errors import UserError
from curation.executor_flags import add_executor, chosen_cluster
from curation.exports.base import FORMATS
from curation.exports.registry import export_set
from curation.flags import add_flags, from_flags
from curation.generating.console import add_options, generate_command
from curation.imports.mapping import parse_mapping
from curation.imports.remote import location
from curation.model_commands import add_ask, ask_command, models_command
from curation.operator import OPERATORS, Annotator
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.serve_command import add_serve, serve_command
from curation.sets.freeze import read_manifest, rebuild_run
from curation.sets.set_diff import compare_sets
from curation.storing.damage import trouble
from curation.storing.rebuilding import rebuild_store_command
from curation.workspace import DEFAULT, Workspace


def save(path: Path, text: str) -> None:
    """A file the user named; UserError when it cannot be written there."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"Cannot write {path}: {error.strerror}. Choose another file.") from None


def write_rows(table: pa.Table, as_json: bool) -> None:
    """A table as JSON lines, or as columns cut to the width of a terminal."""
    if as_json:
        for row in table.to_pylist():
            write(json.dumps(row, ensure_ascii=False, default=str))
        return
    rows = [[_cell(value) for value in row.values()] for row in table.to_pylist()]
    widths = [max(map(len, column)) for column in zip(table.schema.names, *rows, strict=True)]
    for row in [table.schema.names, *rows]:
        write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    text = "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:39] + "…"


def import_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Import files and folders."""
    mapping = parse_mapping(given.map) if given.map else None
    run = workspace.import_run(given.files, mapping, given.dataset)
    follow(run)
    workspace.take_in()
    row = next(row for row in workspace.store.imports().to_pylist() if row["run"] == run.id)
    if given.json:
        return write(json.dumps(row, default=str))
    write(
        f"{row['rows']} rows = {row['imported']} imported + {row['duplicates']} duplicates + {row['quarantined']} "
        f"quarantined; {row['traces']} new traces, {row['problems']} new problems"
    )
    if row["warnings"]:
        write(row["warnings"])


def traces_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """List traces by a SQL condition over metadata and scores."""
    table = workspace.store.select(given.where, given.limit)
    if not given.json:
        shown = ["id", "dataset", "model", "n_chars", *given.columns, "question"]
        table = table.select([name for name in shown if name in table.schema.names])
    write_rows(table, given.json)


def annotate_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Compute an annotator's scores for every trace."""
    step = from_flags(OPERATORS.get(given.operator), given)
    assert isinstance(step, Annotator)
    run = workspace.annotate_run([step], Filter(), cluster=chosen_cluster(given))
    if run:
        follow(run)
        workspace.take_in()
    known = [name for name in step.adds() if name in workspace.store.columns()]
    if given.json:
        return write(json.dumps({"traces": workspace.store.count(Filter()).rows, "scores": known}))
    write(f"{workspace.store.count(Filter()).rows} traces have {', '.join(known) or 'no new scores'}")


def apply_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Take traces through a recipe and freeze them as a curated set."""
    path = workspace.recipes().get(str(given.recipe), given.recipe)
    recipe, cluster = Recipe.load(path), chosen_cluster(given)
    if given.files:
        run = workspace.apply_run(recipe, given.out, files=given.files, cluster=cluster)
    else:
        chosen = Filter.from_query(given.filter)
        if given.dataset:
            chosen = chosen.with_values("dataset", tuple(given.dataset.split(",")))
        run = workspace.apply_run(recipe, given.out, chosen, cluster=cluster)
    follow(run)
    write_set(workspace.set(given.out), given.json)


def rebuild_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Build a set again from what it was made from, and compare byte for byte."""
    first = read_manifest(workspace, given.set)
    name = given.out or f"{first.name}-rebuilt"
    follow(rebuild_run(workspace, first, name))
    if given.json:
        return write(json.dumps({"set": name, "equal": True, "parts": len(first.parts)}))
    write(f"{name}: its {len(first.parts)} parts are those of {first.name}, byte for byte")


def write_set(curated: CuratedSet, as_json: bool) -> None:
    """What a set holds and what each step did."""
    manifest = curated.manifest
    if as_json:
        write(manifest.model_dump_json())
        return
    write(f"{curated.name}: {manifest.rows} rows, {manifest.problems} problems, recipe {manifest.recipe}")
    for step in manifest.steps:
        reasons = "; ".join(f"{reason} ({n})" for reason, n in step.reasons.items())
        write(f"  {step.step}. {step.op}: {step.rows_in} -> {step.rows} rows {reasons}".rstrip())


def sets_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """List curated sets."""
    for curated in workspace.sets():
        write_set(curated, given.json)


def diff_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Say how two sets differ: recipe, rows, scores."""
    found = compare_sets(workspace.set(given.a), workspace.set(given.b))
    if given.json:
        return write(json.dumps(found.as_dict()))
    write(found.sentence(given.a, given.b))
    for change in found.recipe:
        write(f"  {change.kind}: {change.words}")
    for number in found.numbers:
        write(f"  {number.sentence()}")


def export_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Write a curated set in a trainer's format."""
    chosen = from_flags(FORMATS.get(given.format), given)
    rows = export_set(workspace.set(given.set), chosen, given.out)
    if given.json:
        return write(json.dumps({"rows": rows, "file": str(given.out)}))
    write(f"{rows} rows written to {given.out}")


def quarantine_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Show or write the rows that could not be imported."""
    table = workspace.store.quarantine(0, given.limit)
    if given.out:
        lines = (json.dumps(row, ensure_ascii=False) for row in table.to_pylist())
        save(Path(given.out), "".join(line + "\n" for line in lines))
        write(f"{table.num_rows} rows written to {given.out}")
    else:
        write_rows(table, given.json)


def benchmark_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Show a benchmark's card; of an imported dataset's problems, make a benchmark first."""
    known = given.dataset in shipped() or Path(given.dataset).is_file()
    path = locate(given.dataset) if known else workspace.write_benchmark(given.dataset)
    card, _ = describe(path)
    written = write_card(path, card) if given.write_card else None
    if given.json:
        return write(card.model_dump_json())
    write(f"benchmark {path.stem} {'is' if known else 'written to'} {path}")
    if written:
        write(f"card written to {written}")
    write(card.dump().rstrip())


def docs_command(workspace: Workspace, given: argparse.Namespace) -> None:
    """Write the reference page of the operators."""
    save(given.out, reference(OPERATORS, "Operators"))
    write(f"{len(OPERATORS.members)} operators described in {given.out}")


def _format(arguments: Sequence[str]) -> str:
    """The export format before parsing: it decides which flags there are."""
    finder = Parser(add_help=False, allow_abbrev=False)
    finder.add_argument("--format", default="")
    return str(finder.parse_known_args(list(arguments))[0].format)


def _shared(workspace: Any, json: Any) -> Parser:  # noqa: ANN401  (defaults)
    """The flags of every command."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "--workspace", type=Path, default=workspace, help="Folder to work in (default: data/workspace)"
    )
    parser.add_argument("--json", action="store_true", default=json, help="Write JSON")
    return parser


def _add_annotators(parser: argparse.ArgumentParser) -> None:
    """A command of its own for each annotator; the flags of every command may stand before or behind its name."""
    again = _shared(workspace=argparse.SUPPRESS, json=argparse.SUPPRESS)
    kinds = parser.add_subparsers(required=True, metavar="OPERATOR", dest="operator")
    for title, spec in OPERATORS.members.items():
        if issubclass(spec, Annotator):
            add_flags(kinds.add_parser(title, parents=[again], help=spec.help()), spec)


def build_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """All commands and their flags; an annotator's come from its spec."""
    parser = Parser(prog="python -m curation", description="Curate teacher traces.")
    shared = _shared(workspace=DEFAULT, json=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, work: Any, **options: Any) -> argparse.ArgumentParser:  # noqa: ANN401
        added = commands.add_parser(name, parents=[shared], help=work.__doc__, description=work.__doc__, **options)
        added.set_defaults(work=work)
        return added

    one = command("import", import_command)
    one.add_argument("files", nargs="+", type=location, help="Files or folders, here or as in s3://bucket/traces")
    one.add_argument("--map", help="Columns, as in question=prompt,reasoning=cot,answer=final")
    one.add_argument("--dataset", help="Dataset name (default: the file's name)")
    one = command("traces", traces_command)
    one.add_argument(
        "--where", default="TRUE", help="SQL condition, as in \"n_tokens < 500 AND model = 'x'\", or a SELECT of ids"
    )
    one.add_argument("--limit", type=int, default=50, help="Most rows shown (default: 50)")
    one.add_argument("--columns", nargs="*", default=["correct", "n_tokens"], help="Scores shown in the table")
    one = command("annotate", annotate_command)
    add_executor(one)
    _add_annotators(one)
    one = command("apply", apply_command)
    one.add_argument("recipe", type=Path, help="A YAML file, or the name of a known recipe")
    one.add_argument("files", nargs="*", type=location, help="Files or folders; without, the workspace's traces")
    one.add_argument("--dataset", help="Only these datasets of the workspace, separated by commas")
    one.add_argument("--filter", default="", help="Only the traces of this filter, as in the app's address")
    one.add_argument("--out", required=True, metavar="SET", help="Name of the new set")
    add_executor(one)
    add_options(command("generate", generate_command))
    one = command("rebuild", rebuild_command)
    one.add_argument("set", metavar="SET", help="Name of a set, or its manifest.json")
    one.add_argument("--out", metavar="NAME", help="Name of the rebuilt set (default: SET-rebuilt)")
    command("rebuild-store", rebuild_store_command)
    command("sets", sets_command)
    one = command("diff", diff_command)
    one.add_argument("a", metavar="SET")
    one.add_argument("b", metavar="OTHER")
    one = command("export", export_command)
    one.add_argument("set", metavar="SET")
    one.add_argument("--format", choices=list(FORMATS.members), required=True)
    one.add_argument("--out", type=Path, required=True, metavar="FILE")
    add_flags(one, FORMATS.members.get(_format(arguments), FORMATS.members["messages"]))
    one = command("quarantine", quarantine_command)
    one.add_argument("--limit", type=int, default=1_000_000)
    one.add_argument("--out", help="JSONL file to write")
    one = command("benchmark", benchmark_command)
    one.add_argument("dataset", metavar="DATASET", help="An imported dataset, a shipped benchmark, or a file")
    one.add_argument("--write-card", action="store_true", help="Write the card beside the file, to be edited")
    add_serve(command("serve", serve_command))
    command("models", models_command)
    add_ask(command("ask", ask_command))
    one = command("docs", docs_command)
    one.add_argument("--out", type=Path, default=Path("curation/OPERATORS.md"))
    return parser


def run(arguments: list[str] | None = None) -> int:
    """Parse, work, and return the exit code: 0, or 2 for what a user can repair."""

    def work() -> None:
        words = sys.argv[1:] if arguments is None else arguments
        given = build_parser(words).parse_args(words)
        try:
            given.work(Workspace(given.workspace), given)
        except duckdb.Error as error:
            raise trouble(error, given.workspace.resolve()) or error from None

    return main(work)


if __name__ == "__main__":
    sys.exit(run())
