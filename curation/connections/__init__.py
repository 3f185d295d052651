"""One file per backend; the folder is imported, nothing is registered by hand."""
