"""Writing a set for another program: the format, its options, and where the file is."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import streamlit as st

from curation.connection import BASE_FOLDER
from curation.curated import CuratedSet
from curation.exports.base import FORMATS, Format
from curation.exports.registry import export_set
from curation.workspace import Workspace
from pages.ui import fields, forms
from pages.ui.state import errors
from pages.ui.training import students

NAMES = {
    "messages": "Chat messages",
    "prompt_completion": "Prompt and completion",
    "sharegpt": "ShareGPT",
    "alpaca": "Alpaca",
    "parquet": "Parquet",
    "folder": "Hugging Face dataset",
    "pairs": "Preference pairs",
    "labelled": "Tokens and labels",
    "llama_factory": "LLaMA-Factory folder",
}


def show(work: Workspace, curated: CuratedSet) -> None:
    """Choose a format, set its options, write the file."""
    known = sorted(FORMATS.members, key=lambda name: list(NAMES).index(name) if name in NAMES else len(NAMES))
    name = st.selectbox("Format", known, format_func=lambda key: NAMES.get(key, key), width=320)
    spec = FORMATS.get(name)
    st.caption(spec.help())
    values = options(work, curated, spec)
    out = work.root / "exports" / f"{curated.name}-{name}{spec.suffix}"
    if st.button("Export", type="primary", icon=":material/ios_share:"):
        with errors(), st.spinner("Writing the rows"):
            rows = export_set(curated, FORMATS.parse({"format": name, **values}), out)
            st.toast(f"Exported {rows:,} rows", icon=":material/done:")
            if not rows:
                st.warning("No row was written: the set holds nothing that fits this format.")
    if out.exists():
        st.caption("Written to")
        st.code(str(out), language=None)
        if out.is_file():
            download(out)


def options(work: Workspace, curated: CuratedSet, spec: type[Format]) -> dict[str, Any]:
    """The format's own fields, with the set's flags, the students and the other sets to choose from."""
    names = [item.name for item in fields.fields(spec)]
    if not names:
        return {}
    flags = {field.name: "flag" for field in curated.schema() if pa.types.is_boolean(field.type)}
    models = [str(BASE_FOLDER), *(str(run.out / "model") for run in students.trained(work).values())]
    start = {"tokenizer": models[0]} if "tokenizer" in names else {}
    drawn = [name for name in names if name != "other_set"]
    chosen = forms.form(spec, start, forms.Choices(scores=flags, tokenizers=models), f"export-{spec.title()}", drawn)
    if "other_set" in names:
        others = ["", *(other.name for other in work.sets() if other.name != curated.name)]
        chosen["other_set"] = st.selectbox(
            "Wrong traces from", others, format_func=lambda name: name or "this set", width=320,
            key=f"export-{spec.title()}-other",
        )  # fmt: skip
    return chosen


def download(path: Path) -> None:
    """Send an exported file to the browser."""
    st.download_button(
        f"Download {path.name}", path.read_bytes, path.name, icon=":material/download:", on_click="ignore"
    )
