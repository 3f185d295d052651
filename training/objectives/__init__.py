"""One file per objective; the folder is imported, nothing is registered by hand."""
