"""One file per strategy; the folder is imported, nothing is registered by hand."""
