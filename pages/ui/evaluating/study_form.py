"""The form of a study: what it trains on, objective, strategy and benchmark, and the knobs that are turned."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import streamlit as st

from curation.benchmarks import imported_in, shipped
from curation.errors import UserError
from curation.spec import Family
from curation.workspace import Workspace
from pages.ui import forms
from pages.ui.training import students
from training.objective import OBJECTIVES
from training.strategy import STRATEGIES
from training.studies.knobs import knobs, named, read_points, write_points
from training.studies.study import Plain, Study

RECIPE, SET, NOTHING = "A recipe", "A curated set", "Nothing, evaluate only"
SPECS = ("objective", "strategy")
KNOBS = 2  # offered without asking; a file may have more
OWN = "in this study"
_numbers = count(1)


def number() -> int:
    """A new number each time: a form that is filled anew has new widgets."""
    return next(_numbers)


def draw(work: Workspace, start: Study, key: str) -> Study:
    """Draw the form filled from a study; returns what it says now. UserError for what cannot be."""
    values: Plain = {"expected": start.expected, "paper": start.paper, "filter": start.filter}
    left, right = st.columns([1, 2])
    values["name"] = left.text_input("Name", start.name, key=f"{key}-name")
    values["description"] = right.text_input("What it asks", start.description, key=f"{key}-description")
    values |= _data(work, start, key)
    values["student"] = _one("Student", list(students.names(work)), start.student, f"{key}-student", free=True)
    for root, family, column in zip(SPECS, (OBJECTIVES, STRATEGIES), st.columns(2), strict=True):
        with column:
            values[root] = _spec(work, family, getattr(start, root), key)
    values |= _marking(work, start, key)
    base = Study.parse(values).inlined(work.recipes_root)
    return Study.parse({**values, **_knobs(base, start, key)})


def _data(work: Workspace, start: Study, key: str) -> Plain:
    """What the students are trained on."""
    kinds = [RECIPE, SET, NOTHING]
    chosen = RECIPE if start.recipe else SET if start.set else NOTHING
    kind = st.segmented_control("Trains on", kinds, default=chosen, required=True, key=f"{key}-data")
    if kind == NOTHING:
        return {}
    if kind == SET:
        return {"set": _one("Curated set", [made.name for made in work.sets()], start.set, f"{key}-set")}
    own = {f"{start.recipe.get('name')} ({OWN})": start.recipe} if isinstance(start.recipe, Mapping) else {}
    known = [*own, *work.recipes()]
    left, right = st.columns(2)
    with left:
        name = _one("Recipe", known, next(iter(own)) if own else start.recipe or "verified", f"{key}-recipe")
    datasets = [row["dataset"] for row in work.store.datasets().to_pylist()]
    options = list(dict.fromkeys([*datasets, *start.dataset]))
    picked = right.multiselect(
        "Datasets it starts from", options, start.dataset, key=f"{key}-dataset", placeholder="All"
    )
    return {"recipe": own.get(name or "", name), "dataset": picked}


def _spec(work: Workspace, family: Family[Any], given: str | Plain, key: str) -> str | Plain:
    """An objective or strategy with its parameters; what stands at its default is not written."""
    root = family.base.tag
    name = _one(root.capitalize(), list(family.members), named(given, root), f"{key}-{root}") or named(given, root)
    spec = family.get(name)
    values = given if isinstance(given, Mapping) and given.get(root) == name else {}
    with st.expander(f"Parameters of {name.replace('_', ' ')}", icon=":material/tune:"):
        choices = forms.Choices(models=["base", *students.trained(work)])
        drawn = forms.form(spec, values, choices, f"{key}-{root}-{name}")
    made: Plain = family.parse({root: name, **drawn}).dump()
    return made if len(made) > 1 else name


def _marking(work: Workspace, start: Study, key: str) -> Plain:
    """Benchmark, number of problems and seeds."""
    columns = st.columns(3)
    known = [*shipped(), *(path.stem for path in imported_in(work.root / "benchmarks"))]
    with columns[0]:
        benchmark = _one("Benchmark", known, start.benchmark, f"{key}-benchmark", free=True)
    limit = columns[1].number_input("Only the first problems", 1, value=start.limit, key=f"{key}-limit",
                                    placeholder="all")  # fmt: skip
    seeds = columns[2].text_input("Seeds", write_points(start.seeds), key=f"{key}-seeds",
                                  help="Each combination is trained and evaluated with each of them")  # fmt: skip
    return {"benchmark": benchmark, "limit": limit, "seeds": read_points(seeds)}


def _knobs(base: Study, start: Study, key: str) -> Plain:
    """The paths that are turned, each with its values."""
    known = knobs(base)
    given = list(start.grid.items())
    grid: Plain = {}
    st.caption("What is turned")
    for number in range(max(KNOBS, len(given) + 1)):
        path, points = given[number] if number < len(given) else (None, [])
        left, right = st.columns(2)
        with left:
            chosen = _one(f"Knob {number + 1}", list(known), path, f"{key}-knob-{number}", True, known)
        text = right.text_area(
            "Values", write_points(points), key=f"{key}-values-{number}", height=68, disabled=not chosen,
            help="As in 0.1, 0.5, 1; or named changes, as in short: {recipe.3.maximum: 200}",
        )  # fmt: skip
        if chosen and chosen in grid:
            raise UserError(f"The knob '{chosen}' is there twice; write all its values in one place.")
        if chosen:
            grid[chosen] = read_points(text)
    ablate = base.recipe is not None and st.toggle(
        "Leave out one step of the recipe after another", start.ablate == "recipe", key=f"{key}-ablate",
        help="Steps that only measure stay",
    )  # fmt: skip
    return {"grid": grid, "ablate": "recipe" if ablate else None}


def _one(
    title: str, known: Sequence[str], value: str | None, key: str, free: bool = False,
    names: Mapping[str, str] | None = None,
) -> str | None:  # fmt: skip
    """One of these, or a name of its own where that is allowed."""
    options, shown = list(dict.fromkeys([*known, *([value] if value else [])])), names or {}
    return st.selectbox(
        title, options, options.index(value) if value in options else None, key=key, accept_new_options=free,
        placeholder="Choose one" if known else "There is none", format_func=lambda name: shown.get(name, name),
    )  # fmt: skip
