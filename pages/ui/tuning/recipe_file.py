"""A recipe as a file: its name, its YAML to read and edit, saving, sharing, and loading one from elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from curation.errors import UserError
from curation.recipe import Recipe
from curation.workspace import Workspace
from pages.ui.reading.maths import inline
from pages.ui.state import errors
from pages.ui.tuning.draft import Draft

REFUSED = "refused"


def show(work: Workspace, draft: Draft, recipe: Recipe) -> None:
    """Name and description, the YAML, and where it goes or comes from."""
    key = id(draft)
    left, right = st.columns([1, 2])
    draft.name = left.text_input("Name", draft.name, key=f"name-{key}")
    draft.description = right.text_input("Description", draft.description, key=f"description-{key}")
    try:
        text = draft.recipe().dump()
    except UserError:
        text = recipe.dump()
    written = st.text_area("YAML", text, key=f"yaml-{hash(text)}", height=min(480, 60 + 21 * text.count("\n")))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Save recipe", icon=":material/save:", help="Keeps it as YAML in the workspace"):
            with errors():
                path = work.save_recipe(Recipe.read(written, "The YAML above"))
                st.toast(f"Saved {path.stem}", icon=":material/save:")
        st.download_button(
            "Download YAML", written, f"{recipe.name}.yaml", "application/yaml", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
        st.button(
            "Use this YAML", icon=":material/edit:", disabled=written == text, help="Replaces the steps",
            on_click=take, args=(written, "The YAML"),
        )  # fmt: skip
    upload = f"upload-{key}"
    st.file_uploader("Load a recipe file", ["yaml", "yml"], key=upload, on_change=load, args=(upload,))


def load(upload: str) -> None:
    """Take the recipe of an uploaded file."""
    given = st.session_state.get(upload)
    if given is not None:
        with refusing():
            take(decoded(given.getvalue(), given.name), given.name)


def take(text: str, where: str) -> None:
    """Edit the recipe of a text from now on; one that cannot be used is refused with its line and the remedy."""
    with refusing():
        st.session_state["draft"] = Draft.of(Recipe.read(text, where))


@contextmanager
def refusing() -> Iterator[None]:
    """Keep what a user can repair, to be shown when the page is drawn."""
    try:
        yield
    except UserError as error:
        st.session_state[REFUSED] = str(error)


def refusal() -> None:
    """Show once why a recipe was not opened."""
    if reason := st.session_state.pop(REFUSED, None):
        st.error(f"{inline(reason)} The recipe below is unchanged.", icon=":material/error:")


def decoded(data: bytes, name: str) -> str:
    """The text of a file; UserError when it is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is no text in UTF-8 (byte {error.start}); save the recipe as UTF-8.") from None
