"""Starting the runs that freeze sets: from the store or files, from another set, and again from the same inputs."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from curation.curated import CuratedSet, Manifest
from curation.errors import UserError
from curation.imports.remote import Location, location
from curation.query.filters import Filter
from curation.recipe import Recipe
from curation.runs import Run, replace_text
from curation.sets.requests import AGAIN, check_name, request
from curation.table import write_part
from curation.workspace import Workspace


def derive_run(
    work: Workspace, parent: CuratedSet, recipe: Recipe, name: str, known: Mapping[str, pa.Table] | None = None,
    again: str = "",
) -> Run:  # fmt: skip
    """The run of a recipe over the rows of a set, which keep their scores; not launched yet.

    `known` holds results of annotators by their key, so that nothing is measured twice; `again` is the manifest of
    the set that it is to make once more.
    """
    check_name(work.sets_root, name)
    source = {"set": parent.name, "parts": [part.sha256 for part in parent.manifest.parts]}
    wanted = request(recipe, work.sets_root / name, source, {"parent": str(parent.folder.resolve())})
    with work.staged(wanted) as run:
        if again:
            replace_text(run.folder / "in" / AGAIN, again)
        for key, table in (known or {}).items():
            write_part(table, run.folder / "in" / "known" / f"{key}.parquet")
    return run


def rebuild_run(work: Workspace, first: Manifest, name: str) -> Run:
    """The run that builds a set again from what it was made from and compares; UserError where that is gone."""
    source, recipe = first.source, Recipe.read(first.recipe_yaml, f"The recipe of {first.name}")
    again = first.model_dump_json()
    if "set" in source:
        return derive_run(work, work.set(source["set"]), recipe, name, again=again)
    if "filter" in source:
        return work.apply_run(recipe, name, chosen=Filter.model_validate(source["filter"]), again=again)
    return work.apply_run(recipe, name, files=_files(first), again=again)


def _files(first: Manifest) -> list[Location]:
    paths = [location(text) for text in first.source.get("files", [])]
    gone = [str(path) for path in paths if isinstance(path, Path) and not path.exists()]
    if gone or not paths:
        raise UserError(
            f"The set '{first.name}' cannot be rebuilt: {', '.join(gone) or 'the list of its files'} is gone. Put it "
            "back where it was, or freeze a new set with the recipe."
        )
    return paths


def read_manifest(work: Workspace, name: str) -> Manifest:
    """The manifest of a set by its name, its folder, or the path of a manifest file."""
    path = Path(name)
    if path.suffix == ".json" and path.is_file():
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    return (CuratedSet(path) if (path / "manifest.json").is_file() else work.set(name)).manifest
