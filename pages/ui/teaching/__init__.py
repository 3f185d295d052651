"""Models that are asked, and traces that they write."""
