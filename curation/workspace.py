"""Workspace: the folder a researcher works in; its store, runs, sets and recipes, and what can be started there."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from curation.application.needs import with_needs
from curation.application.preview import Preview
from curation.curated import CuratedSet, all_sets
from curation.disk import refusal
from curation.errors import UserError
from curation.generating.launch import Generating
from curation.imports.mapping import Mapping
from curation.imports.remote import Location, as_text, check_paths, last_name
from curation.labels import Labelled
from curation.operator import OPERATORS, Annotator, CorpusAnnotator, Operator, QueryAnnotator
from curation.places import child
from curation.query.filters import Filter
from curation.recipe import SHIPPED, Recipe
from curation.runs import PROJECT, Request, Run, replace_text, staged
from curation.sets.requests import AGAIN, NAME, check_name, request
from curation.store import Store
from curation.storing.damage import STORE, trouble
from curation.storing.taking import Takings, compute_here
from curation.storing.taking_in import TakingIn

DEFAULT = PROJECT / "data" / "workspace"
SAMPLES = PROJECT / "data" / "samples"
COMPARED_AT_ONCE = 200_000  # traces; ours: comparing a million takes most of a minute and 7 GB
BASICS = ("count_tokens", "segment", "verify_answer", "repetition", "difficulty")


def basics() -> list[Annotator]:
    """What is measured first of any traces: length, segments, correctness, loops, difficulty."""
    steps = [OPERATORS.parse({"op": name}) for name in BASICS]
    return [step for step in steps if isinstance(step, Annotator)]


class Workspace(Labelled, Generating, TakingIn):
    """One folder: winnow.duckdb, labels.jsonl, runs/, sets/, recipes/."""

    def __init__(self, root: Path = DEFAULT) -> None:
        """Make the folders; the store opens on first use."""
        self.root = root.resolve()
        self.runs_root, self.sets_root, self.recipes_root = (self.root / n for n in ("runs", "sets", "recipes"))
        try:
            for folder in (self.runs_root, self.sets_root, self.recipes_root):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = refusal(error, self.root) or f"The workspace {self.root} cannot be made: {error.strerror}."
            raise UserError(reason) from None
        self.takings, self._taking, self._looked_at = Takings(self.root), threading.Lock(), {}

    @cached_property
    def store(self) -> Store:
        """The workspace's store, opened on first use; UserError when it is held by another process or damaged."""
        store = Store(self.root / STORE)
        if not store.read_only:
            self.settle(store)
        return store

    def is_empty(self) -> bool:
        """True before anything was imported."""
        return self.store.count(Filter()).rows == 0

    def load_samples(self) -> Run:
        """Start importing the shipped sample traces, to be measured as soon as they are in."""
        files = [SAMPLES / "teacher_traces.jsonl.gz", SAMPLES / "concise_traces.jsonl.gz"]
        run = self.import_run(files, measure=basics())
        run.launch()
        return run

    def start_import(self, paths: Sequence[Path], mapping: Mapping | None = None, dataset: str | None = None) -> Run:
        """Start importing files and folders as a run."""
        run = self.import_run(paths, mapping, dataset)
        run.launch()
        return run

    def import_run(
        self,
        paths: Sequence[Location],
        mapping: Mapping | None = None,
        dataset: str | None = None,
        measure: Sequence[Annotator] = (),
    ) -> Run:
        """The run of an import, not launched yet; its traces are measured by these annotators once they are in."""
        check_paths(paths)
        names = ", ".join(map(last_name, paths))
        inputs = {
            "paths": [as_text(path) for path in paths],
            "mapping": mapping.model_dump() if mapping else None,
            "dataset": dataset or None,
        }
        spec = {"measure": [step.dump() for step in measure]} if measure else {}
        request = Request(kind="import", worker="curation.worker", title=f"Import {names}", spec=spec, inputs=inputs)
        with self.staged(request) as run:
            return run

    def start_annotate(self, steps: Sequence[Annotator], chosen: Filter) -> Run | None:
        """Compute scores of the filtered traces: what is quick at once, the rest as the run that is returned."""
        run = self.annotate_run(steps, chosen)
        if run:
            run.launch()
        return run

    def annotate_run(
        self, steps: Sequence[Annotator], chosen: Filter, of: str | None = None, cluster: str | None = None
    ) -> Run | None:
        """The run of annotators and of those they rest on, not launched yet; None when all could be done at once.

        `of` is the import that asked for it; with `cluster`, they compute on the Ray cluster of that address.
        """
        every = with_needs(steps, self.store.annotations().values())
        queries = [step for step in every if isinstance(step, QueryAnnotator)]
        for step in queries:
            self._check_needs(step, every)
        missing = [step for step in every if not self.store.is_complete(step)]
        compared = any(isinstance(step, CorpusAnnotator) for step in missing)
        at_once = all(step.at_once() for step in missing) and (self.is_small() or not compared)
        now = every if at_once and missing else queries
        if now:
            compute_here(self.store, now, self.takings.note(steps=now))
        if at_once:
            return None
        if compared:
            chosen = Filter()
        title = f"Annotate: {', '.join(step.title() for step in missing)}"
        spec = {"steps": [step.dump() for step in every]}
        inputs = {name: value for name, value in (("of", of), ("cluster", cluster)) if value}
        request = Request(kind="annotate", worker="curation.worker", title=title, spec=spec, inputs=inputs)
        with self.staged(request) as run:
            self.stage(run.folder / "in", every, chosen)
        return run

    def is_small(self) -> bool:
        """Whether the traces are few enough to be compared with each other while somebody waits."""
        return self.store.count(Filter()).rows <= COMPARED_AT_ONCE

    def _check_needs(self, step: Operator, others: Sequence[Operator]) -> None:
        added = {name for other in others if isinstance(other, Annotator) for name in other.adds()}
        for name in step.needs():
            if name not in added | set(self.store.columns()):
                raise UserError(f"{step.title()} reads '{name}', which no stored annotator adds yet; add one first.")

    def start_apply(self, recipe: Recipe, chosen: Filter, name: str, cluster: str | None = None) -> Run:
        """Start freezing the filtered traces, taken through the recipe, as a curated set."""
        run = self.apply_run(recipe, name, chosen=chosen, cluster=cluster)
        run.launch()
        return run

    def apply_run(
        self,
        recipe: Recipe,
        name: str,
        chosen: Filter | None = None,
        files: Sequence[Location] = (),
        cluster: str | None = None,
        again: str = "",
    ) -> Run:
        """The run of a recipe over the store's filtered traces, or over files; not launched yet.

        With `cluster`, its operators compute on the Ray cluster of that address; `again` is the manifest of the set
        that it is to make once more.
        """
        check_name(self.sets_root, name)
        check_paths(files)
        source: dict[str, Any] = {"files": [as_text(path) for path in files]}
        if chosen is not None:
            rows = self.store.count(chosen).rows
            if not rows:
                raise UserError(
                    f"No trace of the workspace {self.root} passes this filter, so there is nothing to curate."
                )
            source = {"filter": chosen.model_dump(mode="json", exclude_defaults=True), "rows": rows}
        given = {**source, "cluster": cluster} if cluster else source
        with self.staged(request(recipe, self.sets_root / name, source, given)) as run:
            replace_text(run.folder / "in" / "recipe.yaml", recipe.dump())
            if again:
                replace_text(run.folder / "in" / AGAIN, again)
            if chosen is not None:
                self.stage(run.folder / "in", recipe.steps, chosen)
        return run

    def stage(self, folder: Path, steps: Sequence[Operator], chosen: Filter) -> None:
        """Hand workers traces and the scores already known, as files: they never open the store."""
        self.store.write_traces(chosen, folder / "part-00000.parquet")
        for step in steps:
            if isinstance(step, Annotator) and not isinstance(step, QueryAnnotator):
                self.store.write_stored(step, folder / "known")
        (folder / "known").mkdir(exist_ok=True)
        self.store.write_labels(chosen, folder / "known" / "labels.parquet")

    @contextmanager
    def staged(self, request: Request) -> Iterator[Run]:
        """A run's folder, to be filled and not launched yet; UserError when it cannot be made."""
        try:
            with staged(self.runs_root, request) as run:
                yield run
        except (OSError, duckdb.Error) as error:
            reason = trouble(error, self.root)
            if reason:
                raise reason from None
            raise

    def open_preview(self, chosen: Filter) -> Preview:
        """What recipes would do to the filtered traces, to be asked again while a recipe is edited."""
        return Preview(self.store, chosen)

    def missing_scores(self, steps: Sequence[Operator]) -> list[Annotator]:
        """Annotators at the head of the recipe, before any mapper, whose results the store lacks for some trace."""
        missing: list[Annotator] = []
        for step in steps:
            if step.kind == "mapper":
                break
            if isinstance(step, Annotator) and not self.store.is_complete(step):
                missing.append(step)
        return missing

    def recipes(self) -> dict[str, Path]:
        """Shipped recipes and the workspace's own, by name; an own one hides a shipped one."""
        paths = [*sorted(SHIPPED.glob("*.yaml")), *sorted(self.recipes_root.glob("*.yaml"))]
        return {path.stem: path for path in paths}

    def save_recipe(self, recipe: Recipe) -> Path:
        """Write the recipe into the workspace under its name."""
        if not NAME.fullmatch(recipe.name):
            raise UserError(f"'{recipe.name}' cannot name a recipe: use letters, digits, '.', '_' and '-'.")
        path = self.recipes_root / f"{recipe.name}.yaml"
        replace_text(path, recipe.dump())
        return path

    def sets(self) -> list[CuratedSet]:
        """Curated sets, newest first."""
        return all_sets(self.sets_root)

    def set(self, name: str) -> CuratedSet:
        """The curated set of that name."""
        return CuratedSet(child(self.sets_root, Path(name).name))

    def answered(self) -> list[str]:
        """Datasets that have problems with a reference answer, so that a student can be marked on them."""
        return [row["dataset"] for row in self.store.datasets().to_pylist() if row["answered"]]

    def write_benchmark(self, dataset: str) -> Path:
        """Write the imported problems of a dataset as a benchmark; UserError when none of them has an answer."""
        path = self.root / "benchmarks" / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', dataset)}.parquet"
        if not self.store.write_problems(dataset, path):
            raise UserError(
                f"No problem of the dataset '{dataset}' has a reference answer; datasets that have: "
                f"{', '.join(self.answered()) or 'none yet'}."
            )
        return path
