"""Runs in which a model writes traces: which problems are asked, the work itself, and how far it is."""
