"""Curation: traces, operators, recipes, the store and runs; knows nothing of Streamlit or of training."""
