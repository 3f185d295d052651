"""One file per operator; the folder is imported, nothing is registered by hand."""
