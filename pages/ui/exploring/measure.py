"""Scores are measured by annotators: choose one, fill its form, start it; what is stored is never measured twice."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from curation.benchmarks import imported_in, shipped
from curation.connection import known
from curation.operator import OPERATORS, Annotator, QueryAnnotator
from curation.query.filters import Filter
from curation.runs import ACTIVE
from curation.spec import build
from curation.trace import Trace
from curation.tuning import trying
from curation.workspace import Workspace, basics
from pages.ui import forms
from pages.ui.exploring import bins
from pages.ui.fields import fields
from pages.ui.prompt_editor import Around
from pages.ui.reading.maths import inline
from pages.ui.runs.run_panel import panel
from pages.ui.state import errors, runs
from pages.ui.tuning.try_view import estimated

EMBED, MAPPER, MAP = "embed", "map_embeddings", ("map_x", "map_y")


def annotators() -> dict[str, type[Annotator]]:
    """The known annotators by name; those that cannot do without a model last."""
    found = [(name, spec) for name, spec in OPERATORS.members.items() if issubclass(spec, Annotator)]
    return dict(
        sorted(found, key=lambda one: any(item.required and item.widget == "model" for item in fields(one[1])))
    )


def choices(work: Workspace, chosen: Filter) -> forms.Choices:
    """What forms over the store's scores can offer."""
    columns = dict(work.store.columns())
    return forms.Choices(
        scores=columns,
        models=models(work),
        benchmarks=benchmarks(work),
        histogram=lambda score: bins.body(work.store, score, chosen).table if columns.get(score) == "number" else None,
        categories=lambda score: _categories(work, chosen, score) if columns.get(score) == "category" else (),
        prompts=around(work, chosen),
    )


def models(work: Workspace) -> list[str]:
    """Names of models that can be asked; none, and why, where the list of them cannot be read."""
    with errors():
        return known(work.root)
    return []


def around(work: Workspace, chosen: Filter) -> Around:
    """What a prompt is edited beside: the workspace's own ones, and the first trace of the filter."""

    def sample() -> Trace | None:
        ids = work.store.ids(chosen, 1)
        return work.store.trace(ids[0]) if ids else None

    return Around(work.root, sample)


def benchmarks(work: Workspace) -> list[str]:
    """Shipped benchmarks by name, and the files of imported ones."""
    return [*shipped(), *map(str, imported_in(work.root / "benchmarks"))]


def _categories(work: Workspace, chosen: Filter, score: str) -> list[str]:
    return [value for value in work.store.categories(score, chosen)["value"].to_pylist() if value]


def running(work: Workspace, key: str) -> None:
    """The runs that measure at this moment."""
    for run in runs(work, "annotate"):
        if run.status().state in ACTIVE:
            panel(run, f"{key}-measure")


def show(work: Workspace, key: str) -> None:
    """A box to measure more scores."""
    with st.popover("Measure", icon=":material/straighten:", help="Add scores and segments to the traces"):
        stored = work.store.annotations()
        missing = [*work.missing_scores(basics())]
        missing += [step for step in basics() if isinstance(step, QueryAnnotator) and step.key() not in stored]
        if missing and st.button(
            "Measure the basics", key=f"{key}-basics", type="primary", icon=":material/bolt:",
            help=f"Adds {', '.join(step.title() for step in missing)}",
        ):  # fmt: skip
            _start(work, missing)
        name = st.selectbox("Annotator", list(annotators()), key=f"{key}-annotator")
        st.caption(annotators()[name].help())
        values = forms.form(annotators()[name], {}, choices(work, Filter()), f"{key}-form-{name}")
        pressed = st.button("Measure", key=f"{key}-start", icon=":material/straighten:")
        with errors():
            if pressed:
                _start(work, [build(annotators()[name], values)])
            price(work, annotators()[name], values)


def price(work: Workspace, annotator: type[Annotator], values: Mapping[str, Any]) -> None:
    """What asking a model about every trace takes; nothing for steps that ask none, or before their form is filled."""
    given = {name: value for name, value in values.items() if value is not None}
    parts = fields(annotator)
    ready = any(item.widget == "model" for item in parts) and all(
        item.name in given for item in parts if item.required
    )
    if ready and (found := trying.most(work, build(annotator, given), Filter())):
        st.caption(inline(estimated(found)))


def _start(work: Workspace, steps: Sequence[Annotator]) -> None:
    with st.spinner("Measuring"):
        work.start_annotate(steps, Filter())
    st.rerun()


def offer_embedding(work: Workspace, key: str) -> None:
    """Before anything is embedded: what that would add, and a button to start it."""
    if _is_running(work, EMBED):
        st.caption("The traces are being embedded; searching by meaning starts when that is done.", width="content")
        return
    st.caption("Nothing is embedded yet.", width="content")
    if st.button(
        "Measure meaning", key=f"{key}-embed", icon=":material/hub:",
        help="Embeds every trace, so that they can be searched and drawn by meaning",
    ):  # fmt: skip
        with errors():
            _start(work, [_annotator(EMBED)])


def compared(work: Workspace) -> str:
    """In which text, and by what, traces are alike on the map and in searches by meaning."""
    values = work.store.embedding().parameters()
    what = {"both": "question and reasoning"}.get(values["what"], values["what"])
    return f"in their {what}, by {values['encoder'] or 'the words they share (built-in encoder)'}"


def offer_map(work: Workspace, key: str) -> bool:
    """See that the embedded traces have places on a map, by principal components at once; True when they have.

    Of very many traces the map is drawn by a run, when somebody asks for it.
    """
    if _is_running(work, MAPPER):
        st.caption("The map is being drawn.")
    elif not set(MAP) <= set(work.store.columns()):
        if work.is_small() or st.button(
            "Draw the map", key=f"{key}-map", icon=":material/scatter_plot:",
            help="A run of some minutes, by principal components",
        ):  # fmt: skip
            with errors(), st.spinner("Drawing the map"):
                work.start_annotate([_annotator(MAPPER, method="pca")], Filter())
                st.rerun()
    elif st.button(
        "Draw it by UMAP", key=f"{key}-umap", icon=":material/scatter_plot:", type="tertiary",
        help="Keeps neighbours together better than principal components do; a run of some minutes",
    ):  # fmt: skip
        with errors():
            _start(work, [_annotator(MAPPER, method="umap")])
    return set(MAP) <= set(work.store.columns())


def _annotator(name: str, **values: str) -> Annotator:
    step = OPERATORS.parse({"op": name, **values})
    assert isinstance(step, Annotator)
    return step


def _is_running(work: Workspace, name: str) -> bool:
    """Whether a run measures with this annotator at this moment."""
    active = [run for run in runs(work, "annotate") if run.status().state in ACTIVE]
    return any(step.get("op") == name for run in active for step in run.request.spec.get("steps", []))
