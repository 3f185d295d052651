"""Traces become files other programs read: one file per format."""
