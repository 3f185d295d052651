"""The bin of a set checked against benchmarks: what was dropped for it, and the certificate of what is left."""

import streamlit as st

from curation.curated import CuratedSet
from curation.operators.find_contamination import FindContamination
from curation.sets.certificate import Certificate, Check, bin_of, certificate
from curation.workspace import Workspace
from pages.ui.state import put

SHOWN = 50  # rows


def show(work: Workspace, curated: CuratedSet) -> None:
    """Dropped rows with the benchmark's item each repeats, and the certificate on request."""
    if not any(step.op == FindContamination.title() for step in curated.manifest.steps):
        return
    with st.container(border=True):
        st.markdown("**Checked against benchmarks**")
        listed(work, curated)
        if st.button("Write the certificate", icon=":material/verified:", help="Counts the set's own rows again"):
            made = certificate(curated)
            for check in made.checks if made else []:
                st.caption(sentence(check))
            download(made, curated.name)


def listed(work: Workspace, curated: CuratedSet) -> None:
    """The rows in the bin; a click opens one beside the benchmark's question."""
    binned = bin_of(curated)
    if not binned:
        st.caption("No row was dropped for a benchmark's question.")
        return
    texts = {
        trace.id: trace for batch in work.store.traces([row.trace_id for row in binned[:SHOWN]]) for trace in batch
    }
    rows = bin_of(curated, texts.values())[:SHOWN]
    st.caption(
        f"{len(binned):,} rows were dropped for repeating a benchmark's question; the first {len(rows)} are listed"
    )
    chosen = st.dataframe(
        [{"Share": row.value, "Benchmark item": row.item,
          "Question": texts[row.trace_id].question if row.trace_id in texts else None} for row in rows],
        hide_index=True, height="content", on_select="rerun", selection_mode="single-row", key=f"bin-{curated.name}",
        column_config={"Share": st.column_config.NumberColumn("Share", format="percent")}, alt="Rows in the bin",
    )  # fmt: skip
    for place in chosen["selection"]["rows"]:
        put("trace", rows[place].trace_id)
        st.switch_page("pages/traces.py", query_params={"trace": rows[place].trace_id})


def sentence(check: Check) -> str:
    """One check in words."""
    files = ", ".join(
        f"{one.benchmark} ({one.items:,} questions, SHA-256 {one.sha256[:12]})"
        if one.sha256 and one.items is not None else f"{one.benchmark} (its file is gone)"
        for one in check.benchmarks
    )  # fmt: skip
    left = "unknown, as a file is gone" if check.rows_remaining is None else f"{check.rows_remaining:,}"
    return (
        f"Step {check.step}, runs of {check.n} words, {files}: {check.rows_checked:,} rows checked, "
        f"{check.rows_dropped:,} dropped, flagged rows left: {left}."
    )


def download(made: Certificate | None, name: str) -> None:
    """Send the certificate to the browser."""
    if made:
        st.download_button(
            "Download certificate.json", made.model_dump_json(indent=1), f"{name}.certificate.json",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
