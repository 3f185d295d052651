"""Sets: frozen results of recipes; where they come from, how they differ, what a student sees, and export."""

from collections.abc import Sequence

import streamlit as st

from curation.curated import CuratedSet, all_sets
from curation.sets.lineage import Graph, lineage
from curation.workspace import Workspace
from pages.ui.reading import provenance, trace_view
from pages.ui.reading.maths import inline
from pages.ui.sets import lineage_chart, set_bin, set_compare, set_export, set_ledger
from pages.ui.state import errors, get, offer_samples, put, screen
from pages.ui.training import repairs, student_view, students
from pages.ui.tuning import funnel

VIEWS = ("Report", "Traces", "As a student sees it", "Lineage", "Compare", "Manifest", "Export")


def sets(work: Workspace) -> None:
    """Choose a set; look at it; compare it; export it."""
    found = all_sets(work.sets_root)
    if not found:
        with st.container(border=True):
            st.write("There is no curated set yet. Freeze one from a recipe.")
            st.page_link("pages/recipes.py", label="Open recipes", icon=":material/filter_alt:")
        return
    names = [curated.name for curated in found]
    asked = get("set")
    st.session_state.pop("use-set", None)
    name = st.selectbox("Curated set", names, names.index(asked) if asked in names else 0, width=420)
    put("set", name)
    curated = found[names.index(name)]
    numbers(curated)
    tabs = dict(zip(VIEWS, st.tabs(VIEWS, key="view", on_change="rerun", bind="query-params"), strict=True))
    chosen = next((view for view in VIEWS if tabs[view].open), VIEWS[0])
    with tabs[chosen]:
        draw(chosen, work, curated, found)


def draw(view: str, work: Workspace, curated: CuratedSet, found: Sequence[CuratedSet]) -> None:
    """The open view of a set; the hidden ones cost nothing."""
    with errors():
        if view == "Report":
            steps = curated.manifest.steps
            funnel.show(steps, steps[0].rows_in if steps else curated.manifest.rows, "set")
            set_bin.show(work, curated)
            set_ledger.show(curated)
        elif view == "Traces":
            traces(curated)
        elif view == "As a student sees it":
            student(work, curated)
        elif view == "Lineage":
            versions(work, curated, found)
        elif view == "Compare":
            set_compare.show(curated, found)
        elif view == "Manifest":
            manifest(curated)
        else:
            set_export.show(work, curated)


def numbers(curated: CuratedSet) -> None:
    """Size and origin of a set."""
    facts = curated.manifest
    columns = st.columns(4)
    columns[0].metric("Traces", facts.rows, format="localized")
    columns[1].metric("Problems", facts.problems, format="localized")
    columns[2].metric("Tokens", "not counted" if facts.tokens is None else f"{facts.tokens:,}")
    columns[3].metric("Recipe", facts.recipe)
    st.caption(inline(f"Created {facts.created}, Winnow {facts.code_version}, {len(facts.parts)} parquet parts"))


def traces(curated: CuratedSet) -> None:
    """The traces of the set, one at a time."""
    rows = curated.manifest.rows
    if not rows:
        st.caption("The set has no traces.")
        return
    number = st.pagination(rows, key=f"set-trace-{curated.name}", max_visible_pages=9)
    trace = next(curated.traces(number - 1))
    trace_view.show_text(trace.question, "w-question")
    facts = [trace.model or "unknown teacher", f"reference {trace.problem.reference or 'unknown'}", trace.id]
    st.caption(inline(" · ".join(facts)))
    provenance.show(trace)
    trace_view.show_trace(trace, trace.id)


def student(work: Workspace, curated: CuratedSet) -> None:
    """What a student would be trained on, and what can be repaired before."""
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        chosen = students.choose(work, "sets-student")
    length = right.number_input("Max length", 16, value=1024, key="sets-max-length", help="Longest row in tokens")
    if chosen is not None:
        student_view.show(
            curated, chosen.path, length,
            lambda facts: repairs.show(work, curated, chosen.path, length, facts, "sets-max-length"),
        )  # fmt: skip


def versions(work: Workspace, curated: CuratedSet, found: Sequence[CuratedSet]) -> None:
    """What this set was made from and what was made of it; then every set there is."""
    graph = lineage(work.runs_root, work.sets_root)
    here = f"set:{curated.name}"
    lineage_chart.show(graph.around(here), here, f"lineage-{curated.name}")
    st.caption("Click a square to open it")
    st.dataframe(
        [version(other, graph) for other in found], hide_index=True, height="auto", placeholder="", alt="All sets",
        column_config={name: st.column_config.NumberColumn(name, format="localized")
                       for name in ("Rows", "Problems", "Tokens")},
    )  # fmt: skip


def version(curated: CuratedSet, graph: Graph) -> dict[str, object]:
    """A set as a row of the list of versions."""
    facts, here = curated.manifest, f"set:{curated.name}"
    made = graph.around(here).nodes.values()
    return {
        "Set": curated.name,
        "Created": facts.created,
        "Recipe": facts.recipe,
        "Made from": facts.source.get("set") or ", ".join(facts.files) or None,
        "Rows": facts.rows,
        "Problems": facts.problems,
        "Tokens": facts.tokens,
        "Trainings": sum(node.kind == "train" for node in made),
        "Evaluations": sum(node.kind == "evaluate" for node in made),
    }


def manifest(curated: CuratedSet) -> None:
    """Everything needed to build the set again."""
    facts = curated.manifest
    st.caption("Command that builds this set again, byte for byte, or says what has changed")
    st.code(facts.rebuild, language="bash", wrap_lines=True)
    left, right = st.columns(2)
    with left:
        st.caption("Recipe")
        st.code(facts.recipe_yaml, language="yaml")
    with right:
        st.caption("Parts and their hashes")
        st.dataframe([part.model_dump() for part in facts.parts], hide_index=True, alt="Parts of the set")
        st.caption("Source")
        st.json(facts.source, expanded=2)
    st.download_button(
        "Download manifest", facts.model_dump_json(indent=1), f"{curated.name}-manifest.json", "application/json",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


with screen("Sets", "Curated sets are frozen: the same recipe on the same traces gives the same files.") as work:
    if not offer_samples(work):
        sets(work)
