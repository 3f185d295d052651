"""Rows against rows: near-duplicates, overlap, diversity, groups."""
