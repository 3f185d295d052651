"""Import: files or folders become traces; what cannot be read is quarantined with its reason."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.csv
import streamlit as st

from curation.errors import UserError
from curation.imports.mapping import LAYOUTS, Mapping
from curation.imports.plan import FilePlan, find_sources, plan, preview
from curation.places import readable
from curation.runs import Run
from curation.uploads import keep
from curation.workspace import Workspace
from pages.ui.reading import trace_view
from pages.ui.reading.maths import visible
from pages.ui.runs.run_panel import panel
from pages.ui.state import errors, offer_samples, runs, screen

UPLOADS = ("json", "jsonl", "csv", "tsv", "parquet", "arrow", "gz", "zst", "txt", "yaml", "zip")
NONE = ""
SHOWN = 20
PAGE = 50


def importing(work: Workspace) -> None:
    """Choose files, look at what they hold, import them."""
    paths: list[Path] = []
    with errors():
        paths = chosen_paths(work)
    if paths:
        with errors():
            plans = plans_of(tuple(map(str, paths)))
            st.dataframe(
                [plan_row(one) for one in plans], hide_index=True, height="auto", alt="Files and what they hold"
            )
            mapping = change_mapping(plans)
            preview_rows(plans, mapping)
            start(work, paths, mapping)
    found = runs(work, "import")
    if found:
        st.subheader("Last import", anchor=False)
        panel(found[0], "import")
        quarantined_in(found[0])
    history(work)


def chosen_paths(work: Workspace) -> list[Path]:
    """Files named by their place on this machine, or sent by the browser."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control("From", ["Path", "Upload"], default="Path", required=True, key="import-from")
        if way == "Path":
            text = st.text_input("File or folder", key="path", bind="query-params", placeholder="/data/traces.jsonl")
            return [readable(text.strip())] if text.strip() else []
    files = st.file_uploader("Files", accept_multiple_files=True, key="import-files", help=f"{', '.join(UPLOADS)}")
    return [keep(work.root, file.name, file.getbuffer()) for file in files or []]


def plans_of(paths: tuple[str, ...]) -> list[FilePlan]:
    """Plans of the files; looked at again when a file has changed."""
    files = find_sources([Path(path) for path in paths])
    if not files:
        raise UserError(f"There are no files in {paths[0]}; name a folder that holds some.")
    stamps = tuple((str(source.path), source.path.stat().st_mtime_ns) for source in files)
    return _plans(paths, stamps)


@st.cache_data(show_spinner="Looking at the files", max_entries=8)
def _plans(paths: tuple[str, ...], stamps: tuple[tuple[str, int], ...]) -> list[FilePlan]:
    return plan([Path(path) for path in paths])


def plan_row(one: FilePlan) -> dict[str, Any]:
    """A file in the table."""
    columns = ", ".join(f"{name} ← {path}" for name, path in one.mapping.columns().items())
    return {
        "File": one.source.name,
        "Format": one.format,
        "Size (MB)": round(one.bytes / 1e6, 3),
        "Rows": f"{one.rows:,}" if one.exact else f"about {one.rows:,}",
        "Layout": one.mapping.layout,
        "Columns read": columns,
        "Problem": one.problem or "",
    }


def change_mapping(plans: list[FilePlan]) -> Mapping | None:
    """None: each file as detected; else one mapping, made by hand, for all of them."""
    if not st.toggle("Change the mapping", key="change-mapping", help="Which column holds what; used for every file"):
        return None
    names = [one.source.name for one in plans]
    start = plans[names.index(st.selectbox("Start from the mapping of", names))] if len(plans) > 1 else plans[0]
    detected, key = start.mapping, start.source.name
    values: dict[str, Any] = {}
    grid = st.grid(4, min_column_width=200)
    with grid.cell():
        values["layout"] = st.selectbox("Layout", LAYOUTS, LAYOUTS.index(detected.layout), key=f"map-layout-{key}")
    for name, item in Mapping.model_fields.items():
        if name in ("layout", "form"):
            continue
        now = detected.columns().get(name, NONE)
        options = list(dict.fromkeys([NONE, *([now] if now else []), *start.columns]))
        with grid.cell():
            picked = st.selectbox(
                name.capitalize(), options, options.index(now), key=f"map-{name}-{key}", help=item.description,
                accept_new_options=True, format_func=lambda column: column or "not used",
            )  # fmt: skip
        values[name] = picked or None
    return Mapping.model_validate({**values, "form": detected.form})


def preview_rows(plans: list[FilePlan], mapping: Mapping | None) -> None:
    """The first rows as they would come in, and those that would be quarantined."""
    names = [one.source.name for one in plans]
    readable = next((n for n, one in enumerate(plans) if not one.problem), 0)
    name = st.selectbox("Preview of", names, readable, key="preview-file") if len(names) > 1 else names[0]
    one = plans[names.index(name)]
    seen = preview(one.source.path, mapping or one.mapping, SHOWN)
    tabs = st.tabs(
        [f"Traces ({len(seen.traces)})", f"Problems without a solution ({len(seen.problems)})",
         f"To be quarantined ({len(seen.quarantined)})"]
    )  # fmt: skip
    with tabs[0]:
        rows = [
            {"question": t.question, "reasoning": t.reasoning, "answer": t.answer, "reference": t.problem.reference,
             "model": t.model, "subject": t.problem.subject, "given correct": t.given_correct}
            for t in seen.traces
        ]  # fmt: skip
        _table(rows, "Converted traces")
        if seen.traces and st.toggle("Show the first trace as it will look", key="preview-first"):
            trace_view.show_trace(seen.traces[0], "preview")
    with tabs[1]:
        _table([{"question": p.question, "reference": p.reference, "subject": p.subject} for p in seen.problems],
               "Problems")  # fmt: skip
    with tabs[2]:
        _table([{"row": r.line, "reason": r.reason, "raw": (r.raw or str(r.value))[:300]} for r in seen.quarantined],
               "Rows to be quarantined")  # fmt: skip


def _table(rows: list[dict[str, Any]], name: str) -> None:
    if rows:
        st.dataframe(
            _safe(rows), hide_index=True, height="auto", placeholder="", alt=name, column_config=headings(rows[0])
        )
    else:
        st.caption(f"None among the first {SHOWN} rows.")


def headings(names: Iterable[str]) -> dict[str, str]:
    """Column names in sentence case."""
    return {name: name.capitalize() for name in names}


def _safe(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: visible(v[:500]) if isinstance(v, str) else v for k, v in row.items()} for row in rows]


def start(work: Workspace, paths: list[Path], mapping: Mapping | None) -> None:
    """Name the dataset and launch."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = st.text_input("Dataset name", key="dataset-name", placeholder="as in the file", width=260)
        if st.button("Start import", type="primary", icon=":material/upload_file:"):
            work.start_import(paths, mapping, dataset.strip() or None)
            st.rerun()


def quarantined_in(run: Run) -> None:
    """What the import's own report says, file by file."""
    report = run.result("report.json")
    if report:
        with st.expander(f"Files of this import ({len(report['files'])})"):
            st.dataframe(report["files"], hide_index=True, alt="Report by file")


def history(work: Workspace) -> None:
    """Earlier imports, where every row adds up, and the quarantined rows."""
    imports = work.store.imports()
    if len(imports):
        st.subheader("Imports", anchor=False)
        last = imports.slice(0, 1).to_pylist()[0]
        parts = " + ".join(f"{last[name]:,} {name}" for name in ("imported", "duplicates", "quarantined"))
        st.caption(f"Newest import: {last['rows']:,} rows = {parts}")
        st.dataframe(
            imports, hide_index=True, placeholder="", alt="Imports", column_config=headings(imports.column_names)
        )
    count = work.store.quarantine_count()
    if not count:
        return
    st.subheader("Quarantine", anchor=False)
    st.caption(f"{count:,} rows, or solutions of a row, could not be used, each with its reason")
    pages = -(-count // PAGE)
    number = st.pagination(pages, key="quarantine-page") if pages > 1 else 1
    shown = work.store.quarantine((number - 1) * PAGE, PAGE)
    st.dataframe(
        shown, hide_index=True, placeholder="", alt="Quarantined rows", column_config=headings(shown.column_names)
    )

    def csv() -> bytes:
        sink = io.BytesIO()
        pyarrow.csv.write_csv(work.store.quarantine(0, count), sink)
        return sink.getvalue()

    st.download_button("Download quarantine", csv, "quarantine.csv", "text/csv", icon=":material/download:",
                       on_click="ignore")  # fmt: skip


with screen(
    "Import", "Bring in teachers' traces: JSON, JSON lines, CSV, Parquet and more, files or whole folders."
) as work:
    offer_samples(work)
    importing(work)
