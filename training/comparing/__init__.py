"""Evaluated students side by side: tables, tests, matrices, reports, what they were trained on."""
