"""Benchmark files as their authors publish them: rows, layouts and cards."""
