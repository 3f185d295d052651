"""Curated sets on screen: ledger, comparison, bin, export, lineage."""
