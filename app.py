"""The application: page configuration, and the pages in their sections."""

from functools import partial
from pathlib import Path

import streamlit as st

from pages.ui import access, visitor
from pages.ui.state import root

DRAWINGS = Path(__file__).parent / "pages" / "ui"
SECTIONS = {
    "Data": [
        st.Page("pages/import.py", title="Import", icon=":material/upload_file:"),
        st.Page("pages/traces.py", title="Traces", icon=":material/notes:", default=True),
        st.Page("pages/review.py", title="Review", icon=":material/rule:"),
        st.Page("pages/explore.py", title="Explore", icon=":material/bar_chart:"),
        st.Page("pages/sql.py", title="SQL", icon=":material/database:"),
        st.Page("pages/recipes.py", title="Recipes", icon=":material/filter_alt:"),
        st.Page("pages/sets.py", title="Sets", icon=":material/inventory_2:"),
    ],
    "Teachers": [
        st.Page("pages/models.py", title="Models", icon=":material/hub:"),
        st.Page("pages/generate.py", title="Generate", icon=":material/draw:"),
        st.Page("pages/teachers.py", title="Teachers", icon=":material/school:"),
    ],
    "Students": [
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
        st.Page("pages/studies.py", title="Studies", icon=":material/science:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
    ],
    "Work": [
        st.Page("pages/runs.py", title="Runs", icon=":material/list_alt:"),
        st.Page("pages/history.py", title="History", icon=":material/history:"),
    ],
}

st.set_page_config(page_title="Winnow", page_icon=DRAWINGS / "winnow.svg", layout="wide")
st.logo(DRAWINGS / "wordmark.svg", size="medium", icon_image=DRAWINGS / "winnow.svg")
access.admit(root(), partial(st.navigation, SECTIONS, position="hidden"))
st.session_state["in-app"] = True
page = st.navigation(SECTIONS, expanded=True)  # beside the name in the sidebar it would fold sections away
visitor.show()
names = {known.title.lower(): known for section in SECTIONS.values() for known in section}
if found := names.get(st.query_params.get("open", "")):
    st.switch_page(found, query_params={k: v for k, v in st.query_params.items() if k != "open"})
page.run()
