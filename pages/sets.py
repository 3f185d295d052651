"""Sets: frozen results of recipes; their manifest, report and export."""

from pathlib import Path

import streamlit as st

from curation.curated import CuratedSet, all_sets
from curation.exports.base import Card
from curation.exports.registry import EXPORTS, SUFFIXES, export_traces
from curation.workspace import Workspace
from pages.ui import funnel, trace_view
from pages.ui.maths import inline
from pages.ui.state import errors, get, offer_samples, put, screen

FORMATS = {
    "messages": "Messages (chat JSON lines)",
    "prompt_completion": "Prompt and completion (TRL JSON lines)",
    "sharegpt": "ShareGPT (JSON lines)",
    "alpaca": "Alpaca (JSON lines)",
    "parquet": "Parquet",
    "folder": "Hugging Face dataset folder",
}


def sets(work: Workspace) -> None:
    """Choose a set; look at it; export it."""
    found = all_sets(work.sets_root)
    if not found:
        with st.container(border=True):
            st.write("There is no curated set yet. Freeze one from a recipe.")
            st.page_link("pages/recipes.py", label="Open recipes", icon=":material/filter_alt:")
        return
    names = [curated.name for curated in found]
    asked = get("set")
    name = st.selectbox("Curated set", names, names.index(asked) if asked in names else 0, width=420)
    put("set", name)
    curated = next(curated for curated in found if curated.name == name)
    numbers(curated)
    tabs = st.tabs(["Report", "Traces", "Manifest", "Export"])
    with tabs[0]:
        steps = curated.manifest.steps
        funnel.show(steps, steps[0].rows_in if steps else curated.manifest.rows, "set")
    with tabs[1]:
        first_traces(curated)
    with tabs[2]:
        manifest(curated)
    with tabs[3]:
        export(work, curated)


def numbers(curated: CuratedSet) -> None:
    """Size and origin of a set."""
    facts = curated.manifest
    columns = st.columns(4)
    columns[0].metric("Traces", facts.rows, format="localized")
    columns[1].metric("Problems", facts.problems, format="localized")
    columns[2].metric("Tokens", "not counted" if facts.tokens is None else f"{facts.tokens:,}")
    columns[3].metric("Recipe", facts.recipe)
    st.caption(inline(f"Created {facts.created}, Winnow {facts.code_version}, {len(facts.parts)} parquet parts"))


def first_traces(curated: CuratedSet) -> None:
    """The first traces of the set, one at a time."""
    rows = min(50, curated.manifest.rows)
    if not rows:
        st.caption("The set has no traces.")
        return
    number = st.pagination(rows, key=f"set-trace-{curated.name}", max_visible_pages=9)
    for index, trace in enumerate(curated.traces(), 1):
        if index == number:
            trace_view.show_text(trace.question, "w-question")
            st.caption(
                inline(f"{trace.model or 'unknown teacher'} · reference {trace.problem.reference or 'unknown'}")
            )
            trace_view.show_trace(trace, trace.id)
            break


def manifest(curated: CuratedSet) -> None:
    """Everything needed to build the set again."""
    facts = curated.manifest
    st.caption("Command that builds this set again")
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


def export(work: Workspace, curated: CuratedSet) -> None:
    """Write the set in a format other programs read."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Format", list(EXPORTS), format_func=lambda key: FORMATS.get(key, key), width=320)
        out = work.root / "exports" / f"{curated.name}-{name}{SUFFIXES.get(name, '.jsonl')}"
        if st.button("Export", type="primary", icon=":material/ios_share:"):
            with errors():
                card = Card(curated.name, curated.manifest.recipe_yaml, curated.manifest.model_dump(mode="json"),
                            curated.manifest.rebuild)  # fmt: skip
                rows = export_traces(name, curated.traces(), out, card)
                st.toast(f"Exported {rows:,} traces", icon=":material/done:")
    if out.exists():
        st.caption("Written to")
        st.code(str(out), language=None)
        if out.is_file():
            download(out)


def download(path: Path) -> None:
    """Send an exported file to the browser."""
    st.download_button(
        f"Download {path.name}", path.read_bytes, path.name, icon=":material/download:", on_click="ignore"
    )


with screen("Sets", "Curated sets are frozen: the same recipe on the same traces gives the same files.") as work:
    if not offer_samples(work):
        sets(work)
