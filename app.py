"""The application: page configuration, and the pages in their sections."""

from pathlib import Path

import streamlit as st

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

st.session_state["in-app"] = True
st.set_page_config(page_title="Winnow", page_icon=DRAWINGS / "winnow.svg", layout="wide")
st.logo(DRAWINGS / "wordmark.svg", size="medium", icon_image=DRAWINGS / "winnow.svg")
page = st.navigation(SECTIONS)
if name := st.query_params.get("open"):
    st.switch_page(f"pages/{name}.py", query_params={k: v for k, v in st.query_params.items() if k != "open"})
page.run()
